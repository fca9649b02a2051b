"""Administration of what sessions leave behind: maps, results, recalls; and of text snippets."""

from __future__ import annotations

from django.contrib import admin

from mesoclinic.clinic.admin_base import CatalogueAdmin, ReadOnlyPatientDataAdmin
from treatments.models import (
    LotRecall,
    OutcomeReview,
    PointGroup,
    RecallContact,
    Syringe,
    TextSnippet,
)


@admin.register(Syringe)
class SyringeAdmin(ReadOnlyPatientDataAdmin):
    """What was drawn up."""

    list_display = ("patient", "session", "number", "drawn_up_at", "volume_ml", "discarded_ml")
    list_select_related = ("patient", "session__planned_session")
    search_fields = ("patient__name",)


@admin.register(PointGroup)
class PointGroupAdmin(ReadOnlyPatientDataAdmin):
    """Points of sessions."""

    list_display = ("patient", "area", "technique", "layer", "depth_mm", "point_ml", "count")
    list_filter = ("view", "layer")
    list_select_related = ("patient", "area", "technique")
    search_fields = ("patient__name", "area__name")


@admin.register(OutcomeReview)
class OutcomeReviewAdmin(ReadOnlyPatientDataAdmin):
    """How results are judged."""

    list_display = ("patient", "rater", "gais", "satisfaction", "reviewed_on")
    list_filter = ("rater", "gais")
    list_select_related = ("patient",)
    search_fields = ("patient__name",)


@admin.register(LotRecall)
class LotRecallAdmin(ReadOnlyPatientDataAdmin):
    """Recalls."""

    patient_path = ""

    list_display = ("lot", "reason", "begun_at", "begun_by")
    list_select_related = ("lot", "begun_by")
    search_fields = ("lot__number", "reason")


@admin.register(RecallContact)
class RecallContactAdmin(ReadOnlyPatientDataAdmin):
    """Patients of recalls."""

    list_display = ("patient", "recall", "reached_at", "reached_how")
    list_filter = ("reached_how",)
    list_select_related = ("patient", "recall__lot")
    search_fields = ("patient__name", "recall__lot__number")


@admin.register(TextSnippet)
class TextSnippetAdmin(CatalogueAdmin):
    """Sentences that are put into the notes by one touch."""

    list_display = ("title", "text", "order", "is_active")
    list_filter = ("is_active",)
    search_fields = ("title", "text")
