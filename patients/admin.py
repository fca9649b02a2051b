"""Administration: questionnaires and terms are kept here; patient data is looked at only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.admin_base import CatalogueAdmin, ReadOnlyPatientDataAdmin
from mesoclinic.clinic.http import ClinicRequest
from mesoclinic.clinic.models import Role
from mesoclinic.common.errors import DomainError
from patients.models import (
    Allergy,
    ClinicalTerm,
    Condition,
    ContactPreference,
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
from patients.services import check_spec, publish_questionnaire

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
    readonly_fields = ["status", "published_at"]
    actions = ["publish", "copy_to_draft"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Questionnaire | None = None
    ) -> list[str]:
        """A published version: all but its approval."""
        if obj is None or obj.status == Questionnaire.Status.DRAFT:
            return ["status", "published_at"]
        return ["clinic", "key", "version", "spec", "status", "published_at"]

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
    def copy_to_draft(self, request: HttpRequest, rows: models.QuerySet[Questionnaire]) -> None:
        """A draft of the next version, to be edited."""
        for row in rows:
            newest = Questionnaire.objects.filter(clinic_id=row.clinic_id, key=row.key)
            version = (newest.aggregate(models.Max("version"))["version__max"] or 0) + 1
            Questionnaire.objects.create(
                clinic_id=row.clinic_id, key=row.key, version=version, title=row.title,
                spec={**row.spec, "version": str(version)},
            )  # fmt: skip
            self.message_user(request, gettext("Version %(n)s is a draft.") % {"n": version})


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
