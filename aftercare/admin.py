"""Administration of templates, programme and triage rules; messages and tasks to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from aftercare.domain.codec import from_json
from aftercare.models import (
    CheckIn,
    Message,
    MessageTemplate,
    ProgrammeStep,
    StaffTask,
    TriageRuleSet,
)
from aftercare.services.contents import VARIABLES
from aftercare.services.rendering import is_well_formed, variables_in
from mesoclinic.clinic.admin_base import CatalogueAdmin, ReadOnlyPatientDataAdmin

if TYPE_CHECKING:
    TemplateModelForm = forms.ModelForm[MessageTemplate]
    RulesModelForm = forms.ModelForm[TriageRuleSet]
else:
    TemplateModelForm = RulesModelForm = forms.ModelForm


class MessageTemplateForm(TemplateModelForm):
    """Refuses variables that do not exist, and anything personal in the subject."""

    SUBJECT = frozenset({"clinic_name", "visit_date", "visit_time", "visit_count"})

    class Meta:
        model = MessageTemplate
        fields = ("clinic", "key", "language", "subject", "body", "approved_at")

    def clean_subject(self) -> str:
        """Only names that say nothing about health may stand in a subject."""
        subject: str = self.cleaned_data["subject"]
        self._refuse(variables_in(subject) - self.SUBJECT, sorted(self.SUBJECT))
        self._read(subject)
        return subject

    def clean_body(self) -> str:
        """Unknown variables fail here, not when the message leaves."""
        body: str = self.cleaned_data["body"]
        self._refuse(variables_in(body) - VARIABLES, sorted(VARIABLES))
        self._read(body)
        return body

    def _read(self, text: str) -> None:
        if not is_well_formed(text):
            raise forms.ValidationError(
                _("A variable is two braces, a name in small letters, and two braces: {{ name }}.")
            )

    def _refuse(self, unknown: frozenset[str], known: list[str]) -> None:
        if unknown:
            raise forms.ValidationError(
                _("Not possible here: %(unknown)s. Possible: %(known)s.")
                % {"unknown": ", ".join(sorted(unknown)), "known": ", ".join(known)}
            )


@admin.register(MessageTemplate)
class MessageTemplateAdmin(CatalogueAdmin):
    """The words of the messages."""

    form = MessageTemplateForm
    list_display = ("key", "language", "subject", "clinic", "approved_at")
    list_filter = ("language", "key")
    search_fields = ("key", "subject", "body")


@admin.register(ProgrammeStep)
class ProgrammeStepAdmin(CatalogueAdmin):
    """What is sent when."""

    list_display = (
        "name",
        "anchor",
        "offset",
        "offset_unit",
        "template_key",
        "is_active",
        "clinic",
    )
    list_filter = ("anchor", "purpose", "is_active")
    search_fields = ("name", "key")


class TriageRulesForm(RulesModelForm):
    """Refuses rules that can't be read."""

    class Meta:
        model = TriageRuleSet
        fields = ("clinic", "version", "status", "spec", "approved_at")

    def clean_spec(self) -> dict[str, Any]:
        """The document must be rules."""
        spec: dict[str, Any] = self.cleaned_data["spec"]
        try:
            from_json(spec)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return spec


@admin.register(TriageRuleSet)
class TriageRuleSetAdmin(CatalogueAdmin):
    """Versions of the triage rules; a published one is only retired."""

    form = TriageRulesForm
    deletable = False
    list_display = ("version", "status", "clinic", "approved_at")
    list_filter = ("status",)

    def get_readonly_fields(
        self, request: Any, obj: TriageRuleSet | None = None
    ) -> tuple[str, ...]:
        """A published version never changes."""
        if obj is not None and obj.status != TriageRuleSet.Status.DRAFT:
            return ("clinic", "version", "spec")
        return ()


@admin.register(Message)
class MessageAdmin(ReadOnlyPatientDataAdmin):
    """The outbox."""

    list_display = ("title", "patient", "due_local", "state", "why")
    list_filter = ("state", "purpose")
    search_fields = ("patient__name", "title", "message_id")


@admin.register(StaffTask)
class StaffTaskAdmin(ReadOnlyPatientDataAdmin):
    """What waits for somebody."""

    list_display = ("title", "patient", "kind", "due_at", "done_at")
    list_filter = ("kind", "role")
    search_fields = ("title", "patient__name")


@admin.register(CheckIn)
class CheckInAdmin(ReadOnlyPatientDataAdmin):
    """What patients reported."""

    list_display = ("patient", "level", "answered_at")
    list_filter = ("level",)
    search_fields = ("patient__name",)
