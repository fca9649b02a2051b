"""Administration of questionnaires: every version in words; drafts are built on the builder's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.access import Policy
from mesoclinic.clinic.admin_base import CatalogueAdmin, clinics_of
from mesoclinic.clinic.http import ClinicRequest
from mesoclinic.common.errors import DomainError
from patients.domain.editing import languages_of
from patients.models import Questionnaire, ScreeningResult
from patients.services import (
    Simulation,
    check_spec,
    draft_for,
    publish_questionnaire,
    simulate,
    start_draft,
    warnings_about,
)
from patients.views.building import rule_row, section_row, warning_row

if TYPE_CHECKING:
    DraftForm = forms.ModelForm[Questionnaire]
else:
    DraftForm = forms.ModelForm

BUILDERS = Policy.CLINICAL_OR_MANAGER.roles or frozenset()


class PastedFile(forms.JSONField):
    """JSON that may stay empty, and is then shown as nothing."""

    def prepare_value(self, value: Any) -> Any:
        """Without the word “null”."""
        return "" if value is None else super().prepare_value(value)


class NewDraftForm(DraftForm):
    """A draft begins as a copy of what the clinic has, or with a file exported elsewhere."""

    spec = PastedFile(
        label=_("Questions from a file"), required=False,
        help_text=_(
            "Leave it empty to copy the version in force. To bring a questionnaire from another "
            "clinic, paste the file that “Export” gave there."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80, "spellcheck": "false"}),
    )  # fmt: skip

    class Meta:
        model = Questionnaire
        fields = ["clinic"]

    def clean_spec(self) -> Any:
        """Refuse what the rules can't read, and say where it is; and a file beside an open draft."""
        spec, clinic = self.cleaned_data["spec"], self.cleaned_data.get("clinic")
        if not spec:
            return None
        try:
            check_spec(spec)
        except DomainError as error:
            raise ValidationError(error.message) from error
        drafts = Questionnaire.objects.filter(clinic=clinic, status=Questionnaire.Status.DRAFT)
        if clinic is not None and drafts.exists():
            raise ValidationError(_("There is a draft already. Publish or discard it first."))
        return spec


@admin.register(Questionnaire)
class QuestionnaireAdmin(CatalogueAdmin):
    """Versions are read here and built on the builder's pages; what was published never changes."""

    form = NewDraftForm
    change_form_template = "admin/patients/questionnaire/change_form.html"
    list_display = ["title", "clinic", "version", "status", "published_at", "approved_at"]
    list_filter = ["clinic", "status"]
    search_fields = ["title", "key"]
    list_select_related = ["clinic"]
    actions = ["publish", "copy_to_draft", "simulate"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The questions stand below in words, not as they are stored."""
        if obj is None:
            return ["clinic", "spec"]
        return ["title", "clinic", "version", "status", "published_at", "approved_at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Changed by the builder and by the actions only; practitioners approve on its page."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts only: results refer to published versions for good."""
        draft = obj is None or obj.status == Questionnaire.Status.DRAFT
        return draft and super().has_change_permission(request, obj)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001 - Django's
        """The new draft, stored; the one that is open, where there is one."""
        form.save(commit=False)
        chosen = form.cleaned_data
        actor = cast(ClinicRequest, request).actor
        return draft_for(
            actor=actor, clinic=chosen["clinic"], spec=chosen["spec"], now=timezone.now()
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """The service has stored it."""

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To the draft, where the builder is one press away."""
        self.message_user(request, gettext("Version %(n)s is a draft.") % {"n": obj.version})
        return redirect("admin:patients_questionnaire_change", obj.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The version with its questions and rules in words."""
        row = self.get_object(request, object_id)
        if row is not None and request.method == "GET":
            kwargs["extra_context"] = {
                **(kwargs.get("extra_context") or {}),
                **_shown(request, row),
            }
        return super().change_view(request, object_id, *args, **kwargs)

    @admin.action(description=_("Simulate: whose outcome would change?"), permissions=["view"])
    def simulate(
        self, request: HttpRequest, rows: models.QuerySet[Questionnaire]
    ) -> HttpResponse | None:
        """Judge the last 1,000 screenings by the chosen version and by the one in force."""
        if rows.count() != 1:
            self.message_user(request, gettext("Choose one version."), messages.ERROR)
            return None
        row = rows.select_related("clinic").get()
        try:
            result = simulate(clinic=row.clinic, questionnaire=row)
        except DomainError as error:
            self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            return None
        context = {
            **self.admin_site.each_context(request), "title": gettext("What would change?"),
            "row": row, "result": result, "opts": self.opts, **_simulated(result),
        }  # fmt: skip
        return TemplateResponse(request, "admin/patients/questionnaire/simulate.html", context)

    @admin.action(description=_("Publish; the version before is retired"))
    def publish(self, request: ClinicRequest, rows: models.QuerySet[Questionnaire]) -> None:
        """Put drafts into force."""
        for row in rows.select_related("clinic"):
            try:
                publish_questionnaire(actor=request.actor, questionnaire=row, now=timezone.now())
            except DomainError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, gettext("%(row)s is published.") % {"row": row})

    @admin.action(description=_("Copy to a new draft"))
    def copy_to_draft(self, request: ClinicRequest, rows: models.QuerySet[Questionnaire]) -> None:
        """A draft of the next version, to be edited."""
        for row in rows:
            draft = start_draft(actor=request.actor, source=row, now=timezone.now())
            self.message_user(request, gettext("Version %(n)s is a draft.") % {"n": draft.version})


def _shown(request: HttpRequest, row: Questionnaire) -> dict[str, object]:
    """What stands on the page of a version, in words; and whether the person may build there."""
    builders = clinics_of(request, BUILDERS)
    page = reverse("patients:questionnaire", args=[row.pk])
    shown: dict[str, object] = {
        "builder": page, "may_build": row.clinic in builders, "row": row,
        "here": cast(ClinicRequest, request).clinic == row.clinic,
    }  # fmt: skip
    try:
        spec = check_spec(row.spec)
    except DomainError as error:
        return {**shown, "broken": error.message}
    found = warnings_about(clinic=row.clinic, spec=spec, languages=languages_of(spec))
    return {
        **shown,
        "spec": spec,
        "sections": [section_row(one, spec) for one in spec.sections],
        "rules": [rule_row(rule) for rule in spec.rules],
        "warnings": [warning_row(one, spec) for one in found],
    }


def _simulated(result: Simulation) -> dict[str, object]:
    """Outcomes and findings in words."""
    words = {one.value: one.label for one in ScreeningResult.Outcome}
    changed = [
        {
            "record": result.rows[one.case].patient.record_number,
            "before": words[one.before.value], "after": words[one.after.value],
            "appeared": [result.words.get(key, key) for key in one.appeared],
            "vanished": [result.words.get(key, key) for key in one.vanished],
        }
        for one in result.found.changed
    ]  # fmt: skip
    counts = [
        (words[one.before.value], words[one.after.value], one.count) for one in result.found.counts
    ]
    return {"changed": changed, "counts": counts}
