"""Administration: questionnaires and terms are kept here; patient data is looked at only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.admin_base import CatalogueAdmin, ReadOnlyPatientDataAdmin
from mesoclinic.clinic.http import ClinicRequest
from mesoclinic.clinic.models import Role
from mesoclinic.common.errors import DomainError
from patients.domain.editing import languages_of
from patients.models import (
    Allergy,
    ClinicalTerm,
    Condition,
    ContactPreference,
    ImportRow,
    ImportRun,
    Medicine,
    Patient,
    PatientFile,
    PatientLink,
    Questionnaire,
    Screening,
    ScreeningConfirmation,
    ScreeningDecision,
    ScreeningResult,
)
from patients.services import (
    check_spec,
    publish_questionnaire,
    simulate,
    start_draft,
    warnings_about,
)

if TYPE_CHECKING:
    SpecForm = forms.ModelForm[Questionnaire]
else:
    SpecForm = forms.ModelForm

CLINICAL = frozenset({Role.PRACTITIONER.value})


class QuestionnaireForm(SpecForm):
    """A version of a questionnaire; its JSON is read by the rules' own reader."""

    class Meta:
        model = Questionnaire
        fields = ["clinic", "key", "version", "title", "spec", "approved_at"]
        widgets = {"spec": forms.Textarea(attrs={"rows": 30, "cols": 100, "spellcheck": "false"})}

    def clean_spec(self) -> Any:
        """Refuse what the rules can't read, and say where it is."""
        spec = self.cleaned_data["spec"]
        try:
            check_spec(spec)
        except DomainError as error:
            raise ValidationError(error.message) from error
        return spec


@admin.register(Questionnaire)
class QuestionnaireAdmin(CatalogueAdmin):
    """Drafts are edited and published; what was published never changes and is only retired."""

    form = QuestionnaireForm
    list_display = ["title", "clinic", "key", "version", "status", "published_at", "approved_at"]
    list_filter = ["clinic", "status", "key"]
    search_fields = ["title", "key"]
    readonly_fields = ["status", "published_at", "linter"]
    actions = ["publish", "copy_to_draft", "simulate"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Questionnaire | None = None
    ) -> list[str]:
        """A published version: all but its approval."""
        if obj is None or obj.status == Questionnaire.Status.DRAFT:
            return ["status", "published_at", "linter"]
        return ["clinic", "key", "version", "title", "spec", "status", "published_at", "linter"]

    @admin.display(description=_("before you publish"))
    def linter(self, row: Questionnaire) -> str:
        """What the linter says, and where it is built without code."""
        if row.pk is None or row.clinic_id is None:
            return ""
        try:
            spec = check_spec(row.spec)
        except DomainError as error:
            return str(error.message)
        found = warnings_about(clinic=row.clinic, spec=spec, languages=languages_of(spec))
        lines = [(f"{one.place}: {one.message}",) for one in found]
        page = reverse("patients:questionnaire", args=[row.pk])
        return format_html(
            "{}<p><a href='{}'>{}</a></p>",
            format_html_join("", "<p>{}</p>", lines) or gettext("Nothing odd was found."),
            page, gettext("Build it without code"),
        )  # fmt: skip

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
        changed = [(one, result.rows[one.case]) for one in result.found.changed]
        context = {
            **self.admin_site.each_context(request), "title": gettext("What would change?"),
            "row": row, "result": result, "changed": changed, "opts": self.opts,
        }  # fmt: skip
        return TemplateResponse(request, "admin/patients/questionnaire/simulate.html", context)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts only: results refer to published versions for good."""
        draft = obj is None or obj.status == Questionnaire.Status.DRAFT
        return draft and super().has_delete_permission(request, obj)

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


@admin.register(ClinicalTerm)
class ClinicalTermAdmin(CatalogueAdmin):
    """Words and codes by which the rules recognise something in a record."""

    list_display = ["label", "kind", "tag", "is_past", "clinic", "approved_at"]
    list_filter = ["clinic", "kind", "is_past"]
    search_fields = ["label", "tag", "words", "codes"]


@admin.register(Patient)
class PatientAdmin(ReadOnlyPatientDataAdmin):
    """Who patients are; nothing clinical."""

    patient_path = "pk"
    list_display = ["name", "record_number", "birth_date", "clinic", "deceased_on"]
    list_filter = ["clinic", "sex", "language"]
    search_fields = ["search"]
    exclude = [
        "notes", "phototype", "weight_kg", "sun_exposure", "smoking", "alcohol", "stress", "search",
    ]  # fmt: skip


class ClinicalAdmin(ReadOnlyPatientDataAdmin):
    """Clinical content: practitioners only."""

    roles = CLINICAL
    list_select_related = ["patient", "clinic"]
    search_fields = ["patient__search"]


@admin.register(Allergy, Medicine, Condition)
class FactAdmin(ClinicalAdmin):
    """The safety record."""

    list_display = ["text", "patient", "is_active", "source", "clinic"]
    list_filter = ["clinic", "is_active", "source"]
    search_fields = ["text", "patient__search"]


@admin.register(Screening)
class ScreeningAdmin(ClinicalAdmin):
    """Filled questionnaires."""

    list_display = ["patient", "questionnaire", "channel", "submitted_at", "clinic"]
    list_filter = ["clinic", "channel"]


@admin.register(ScreeningResult)
class ScreeningResultAdmin(ClinicalAdmin):
    """Judgements with their reasons."""

    list_display = ["patient", "outcome", "evaluated_at", "valid_until", "clinic"]
    list_filter = ["clinic", "outcome"]


@admin.register(ScreeningDecision)
class ScreeningDecisionAdmin(ClinicalAdmin):
    """Signed decisions."""

    list_display = ["patient", "decision", "decided_by", "decided_at", "clinic"]
    list_filter = ["clinic", "decision"]


@admin.register(ScreeningConfirmation)
class ScreeningConfirmationAdmin(ClinicalAdmin):
    """Confirmations that nothing has changed."""

    list_display = ["patient", "confirmed_by", "confirmed_at", "clinic"]
    list_filter = ["clinic"]


@admin.register(PatientFile)
class PatientFileAdmin(ClinicalAdmin):
    """What is kept of photographs and documents; the pictures themselves are seen in the chart."""

    list_display = ["patient", "kind", "area", "view", "taken_at", "withdrawn_at", "clinic"]
    list_filter = ["clinic", "kind"]


@admin.register(PatientLink)
class PatientLinkAdmin(ReadOnlyPatientDataAdmin):
    """Mailed links: never the secret, not even its digest."""

    list_display = ["patient", "purpose", "created_at", "opened_at", "used_at", "expires_at"]
    list_filter = ["clinic", "purpose"]
    list_select_related = ["patient"]
    search_fields = ["patient__search"]
    exclude = ["digest"]


@admin.register(ContactPreference)
class ContactPreferenceAdmin(ReadOnlyPatientDataAdmin):
    """What patients agreed to receive."""

    list_display = ["patient", "channel", "purpose", "allowed", "changed_at"]
    list_filter = ["clinic", "purpose", "allowed"]
    list_select_related = ["patient"]
    search_fields = ["patient__search"]


@admin.register(ImportRun)
class ImportRunAdmin(CatalogueAdmin):
    """What was imported, when and by whom; undone on its own page."""

    list_display = ["file_name", "kind", "state", "started_by", "created_at", "clinic"]
    list_filter = ["clinic", "kind", "state"]
    search_fields = ["file_name", "started_by"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Imports begin with a file."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are history."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are history."""
        return False


@admin.register(ImportRow)
class ImportRowAdmin(ClinicalAdmin):
    """Lines of imports: whom they became; cells hold what the file said."""

    list_display = ["number", "run", "patient", "state", "clinic"]
    list_filter = ["clinic", "state"]
    search_fields = ["patient__search", "run__file_name"]
    list_select_related = ["patient", "run", "clinic"]
