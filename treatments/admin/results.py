"""Administration of what sessions leave behind: maps, results, recalls; and of text snippets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.admin_base import CatalogueAdmin, ReadOnlyPatientDataAdmin
from treatments.models import (
    LotRecall,
    OutcomeReview,
    PointGroup,
    RecallContact,
    Syringe,
    TextSnippet,
)

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


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
    erased_lookup = ""

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


class SnippetForm(_ModelForm):
    """A sentence, with what each field is for."""

    class Meta:
        model = TextSnippet
        exclude = ()
        help_texts: ClassVar[Any] = {
            "title": _("What the button under the notes says: a word or two."),
            "text": _("The sentence that one touch writes into the notes."),
            "order": _("Buttons stand in this order, the smallest number first."),
            "is_active": _(
                "Take the tick away to hide the button; signed notes keep the sentence."
            ),
        }


@admin.register(TextSnippet)
class TextSnippetAdmin(CatalogueAdmin):
    """Sentences that are put into the notes by one touch."""

    form = SnippetForm
    list_display = ("title", "text", "order", "is_active")
    list_filter = ("is_active",)
    search_fields = ("title", "text")
