"""Administration of the catalogue, products and lots; patient data to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from mesoclinic.clinic.admin_base import (
    CatalogueAdmin,
    ReadOnlyPatientDataAdmin,
)
from treatments.admin import catalogue as _catalogue  # noqa: F401 - registers its pages
from treatments.admin import results as _results  # noqa: F401 - registers its pages
from treatments.admin.inlines import EntryInline
from treatments.admin.order import ProductForm
from treatments.models import (
    AdverseEvent,
    Cocktail,
    Consent,
    Lot,
    PlannedSession,
    Product,
    ReadinessOverride,
    SessionRecord,
    StockMovement,
    TreatmentPlan,
)

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


@admin.register(Product)
class ProductAdmin(CatalogueAdmin):
    """Products."""

    form = ProductForm
    list_display = ("name", "ingredient", "content", "use_within_hours", "gtin", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("ingredient",)
    search_fields = ("name", "maker", "gtin", "ingredient__name")
    deletable = False


class MovementInline(EntryInline):
    """Why the quantity is what it is; to be read."""

    model = StockMovement
    fields = ("at", "kind", "amount", "reason", "by_label")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Movements come from receiving, counting and signing."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are not changed."""
        return False


@admin.register(Lot)
class LotAdmin(CatalogueAdmin):
    """Lots. Quantities change on the stock page, where the reason is asked for."""

    list_display = ("number", "product", "expires_on", "quantity", "withdrawn_at")
    list_filter = (("withdrawn_at", admin.EmptyFieldListFilter),)
    list_select_related = ("product",)
    search_fields = ("number", "product__name", "supplier")
    date_hierarchy = "expires_on"
    fields = (
        "clinic", "product", "number", "expires_on", "supplier", "quantity", "opened_at",
        "use_until", "withdrawn_at", "withdrawn_reason",
    )  # fmt: skip
    readonly_fields = (
        "clinic", "product", "quantity", "opened_at", "use_until", "withdrawn_at",
        "withdrawn_reason",
    )  # fmt: skip
    inlines = (MovementInline,)
    deletable = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deliveries are received on the stock page."""
        return False


@admin.register(TreatmentPlan)
class TreatmentPlanAdmin(ReadOnlyPatientDataAdmin):
    """Plans."""

    list_display = ("patient", "indication", "practitioner", "status", "start_on")
    list_filter = ("status",)
    list_select_related = ("patient", "indication", "practitioner")
    search_fields = ("patient__name", "indication__name")


@admin.register(PlannedSession)
class PlannedSessionAdmin(ReadOnlyPatientDataAdmin):
    """Sessions of plans."""

    list_display = ("patient", "plan", "number", "phase_name", "dropped_at")
    list_select_related = ("patient", "plan__indication")
    search_fields = ("patient__name",)


@admin.register(Cocktail)
class CocktailAdmin(ReadOnlyPatientDataAdmin):
    """Cocktail versions."""

    list_display = ("patient", "plan", "version", "change_note", "created_at")
    list_select_related = ("patient", "plan__indication")
    search_fields = ("patient__name",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyPatientDataAdmin):
    """Signatures."""

    list_display = ("patient", "cocktail", "signer_name", "method", "signed_at", "withdrawn_at")
    list_filter = ("method",)
    list_select_related = ("patient", "cocktail")
    search_fields = ("patient__name", "signer_name")


@admin.register(SessionRecord)
class SessionRecordAdmin(ReadOnlyPatientDataAdmin):
    """Session records."""

    list_display = ("patient", "planned_session", "performed_on", "practitioner", "signed_at")
    list_filter = (("signed_at", admin.EmptyFieldListFilter),)
    list_select_related = ("patient", "planned_session", "practitioner")
    search_fields = ("patient__name",)


@admin.register(AdverseEvent)
class AdverseEventAdmin(ReadOnlyPatientDataAdmin):
    """Unwanted effects."""

    list_display = ("patient", "effect", "severity", "onset_on", "resolved_at")
    list_filter = ("severity", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("patient",)
    search_fields = ("patient__name", "effect")


@admin.register(ReadinessOverride)
class ReadinessOverrideAdmin(ReadOnlyPatientDataAdmin):
    """Reasons that practitioners set aside."""

    list_display = ("patient", "planned_session", "overridden_by", "overridden_at", "reason")
    list_select_related = ("patient", "planned_session", "overridden_by")
    search_fields = ("patient__name", "reason")
