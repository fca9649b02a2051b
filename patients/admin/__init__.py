"""Administration: questionnaires and terms are kept here; patient data is looked at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mesoclinic.clinic.admin_base import CatalogueAdmin, ReadOnlyPatientDataAdmin
from mesoclinic.clinic.models import Role
from patients.admin.questionnaires import QuestionnaireAdmin
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
    Screening,
    ScreeningConfirmation,
    ScreeningDecision,
    ScreeningResult,
)

__all__ = ["QuestionnaireAdmin"]

CLINICAL = frozenset({Role.PRACTITIONER.value})


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
    erased_lookup = "erased_at"
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
