"""Administration of the catalogue: switched off rather than deleted, approved before use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mesoclinic.clinic.admin_base import (
    CatalogueAdmin,
    acting,
)
from treatments.admin.inlines import EntryInline
from treatments.admin.order import PhaseForm, RecipeItemForm, Rising, RisingForm
from treatments.models import (
    IncompatiblePair,
    Indication,
    Ingredient,
    IngredientContraindication,
    InjectionDevice,
    Layer,
    Protocol,
    ProtocolPhase,
    Recipe,
    RecipeItem,
    TargetArea,
    Technique,
)
from treatments.models.catalogue import CatalogueEntry

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class LayersField(forms.MultipleChoiceField):
    """Layers of the skin as tick boxes instead of words with commas."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Layer.choices, widget=forms.CheckboxSelectMultiple, **kwargs)


class ReviewFilter(admin.SimpleListFilter):
    """Entries that nobody has approved yet."""

    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Two choices."""
        return [("open", _("Review before use")), ("done", _("Approved"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        if self.value() == "open":
            return queryset.filter(approved_at__isnull=True)
        if self.value() == "done":
            return queryset.filter(approved_at__isnull=False)
        return queryset


def next_version(entry: CatalogueEntry) -> int:
    """One more than the highest version of the clinic's entry with this key."""
    rows = type(entry)._default_manager.filter(clinic_id=entry.clinic_id, key=entry.key)
    return 1 + (rows.aggregate(highest=Max("version"))["highest"] or 0)


class EntryAdmin(CatalogueAdmin):
    """A catalogue entry: switched off rather than deleted, approved before use."""

    search_fields = ("name", "key", "source")
    list_filter: ClassVar[Any] = (ReviewFilter, "is_active")
    readonly_fields = ("version", "approved_at")
    prepopulated_fields = {"key": ("name",)}
    actions = ["approve"]
    deletable = False

    @admin.display(description=_("review"))
    def review(self, entry: Any) -> str:
        """Whether a practitioner has looked at it."""
        if entry.approved_at is not None:
            return str(_("Approved"))
        return str(_("Clinic default: review before use"))

    @admin.action(description=_("Approve: reviewed, may be used"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Mark the chosen entries as reviewed now."""
        with acting(request):
            count = queryset.filter(approved_at__isnull=True).update(approved_at=timezone.now())
        text = ngettext("%(count)s entry approved.", "%(count)s entries approved.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """An edit is the next version, and takes the approval back: it was for what stood there."""
        if change and form.changed_data:
            obj.approved_at = None
            obj.version = next_version(obj)
        super().save_model(request, obj, form, change)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Only while an entry is new: its key is what seeds and rules know it by."""
        return {} if obj is not None else dict(super().get_prepopulated_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The key and the clinic of a stored entry stay."""
        fixed = ("key", "clinic") if obj is not None else ()
        return (*super().get_readonly_fields(request, obj), *fixed)


class AreaForm(_ModelForm):
    """Layers as tick boxes."""

    forbidden_layers = LayersField(required=False, label=_("forbidden layers"))

    class Meta:
        model = TargetArea
        exclude = ()


@admin.register(TargetArea)
class TargetAreaAdmin(EntryAdmin):
    """Areas."""

    form = AreaForm
    list_display = ("name", "region", "parent", "sun_exposed", "is_active", "review")
    list_filter = (*EntryAdmin.list_filter, "region", "sun_exposed")
    list_select_related = ("parent",)


class TechniqueForm(RisingForm):
    """Layers as tick boxes."""

    rising = (
        Rising(
            ("depth_min_mm", "depth_max_mm"), _("Depths go up in this order."), above_zero=False
        ),
        Rising(
            ("spacing_min_mm", "spacing_max_mm"),
            _("Spacings are above zero and go up in this order."),
        ),
    )
    layers = LayersField(label=_("layers"))

    class Meta:
        model = Technique
        exclude = ()


@admin.register(Technique)
class TechniqueAdmin(EntryAdmin):
    """Techniques."""

    form = TechniqueForm
    list_display = ("name", "depth_min_mm", "depth_max_mm", "is_active", "review")


class ContraindicationInline(EntryInline):
    """What speaks against an ingredient."""

    model = IngredientContraindication
    fields = ("tag", "level", "why", "source", "past_counts")


class _OwnClinicInlines(EntryAdmin):
    """Rows that hang on an entry belong to its clinic."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        """Give new rows the clinic of the entry; rows alone changed are a new version too."""
        if change and formset.has_changed() and not form.changed_data:
            form.instance.version, form.instance.approved_at = next_version(form.instance), None
            form.instance.save(update_fields=["version", "approved_at"])
        for row in formset.save(commit=False):
            row.clinic = form.instance.clinic
            row.save()
        for row in formset.deleted_objects:
            row.delete()
        formset.save_m2m()


class IngredientForm(RisingForm):
    """Layers as tick boxes; tags with commas."""

    rising = (
        Rising(
            ("usual_dose", "max_dose_session", "max_dose_course"),
            _("The usual dose, the most per session and the most per course go up in this order."),
        ),
    )
    forbidden_layers = LayersField(required=False, label=_("forbidden layers"))
    allergen_tags = SimpleArrayField(
        forms.CharField(max_length=60), required=False, label=_("allergens"),
        help_text=_("Separated by commas, for example allergen:fish, allergen:soy."),
    )  # fmt: skip

    class Meta:
        model = Ingredient
        exclude = ()


@admin.register(Ingredient)
class IngredientAdmin(_OwnClinicInlines):
    """Ingredients with their ceilings and contraindications."""

    form = IngredientForm
    list_display = (
        "name", "ingredient_class", "usual_dose", "max_dose_session", "unit", "prescription_only",
        "is_active", "review",
    )  # fmt: skip
    list_filter = (*EntryAdmin.list_filter, "ingredient_class", "prescription_only")
    filter_horizontal = ("forbidden_areas",)
    inlines = (ContraindicationInline,)


@admin.register(InjectionDevice)
class InjectionDeviceAdmin(EntryAdmin):
    """Syringes and injectors."""

    list_display = ("name", "kind", "needle", "settings", "is_active", "review")
    list_filter = (*EntryAdmin.list_filter, "kind")
    filter_horizontal = ("techniques",)


class RecipeItemInline(EntryInline):
    """What is in a recipe."""

    model = RecipeItem
    form = RecipeItemForm
    fields = ("ingredient", "dose")


@admin.register(Recipe)
class RecipeAdmin(_OwnClinicInlines):
    """Cocktail recipes: checked against the patient whenever a plan starts from one."""

    list_display = ("name", "version", "is_active", "review")
    list_filter = (*EntryAdmin.list_filter, "indications")
    filter_horizontal = ("indications",)
    inlines = (RecipeItemInline,)


class PairForm(_ModelForm):
    """Two ingredients in whichever order they were chosen: the smaller id comes first."""

    class Meta:
        model = IncompatiblePair
        exclude = ()
        help_texts: ClassVar[Any] = {
            "reason": _("What happens when both are in one syringe; shown in the safety check."),
            "level": _(
                "“Never” keeps the two out of one cocktail; anything milder is shown and left to you."
            ),
            "source": _("Where this is written."),
        }

    def clean(self) -> dict[str, Any]:
        """Put in order before the database's rule is asked."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, second = data.get("first"), data.get("second")
        if first and second and first.pk > second.pk:
            data["first"], data["second"] = second, first
        return data


@admin.register(IncompatiblePair)
class IncompatiblePairAdmin(CatalogueAdmin):
    """Pairs; the two ingredients are put in order by themselves."""

    form = PairForm
    list_display = ("first", "second", "level", "reason", "source")
    list_filter = ("level",)
    list_select_related = ("first", "second")
    search_fields = ("first__name", "second__name", "reason")


class PhaseInline(EntryInline):
    """Phases in order."""

    model = ProtocolPhase
    form = PhaseForm
    fields = (
        "order", "name", "sessions_min", "sessions_planned", "sessions_max", "gap_min", "gap_ideal",
        "gap_max", "gap_unit", "repeats",
    )  # fmt: skip


@admin.register(Protocol)
class ProtocolAdmin(_OwnClinicInlines):
    """Protocols with their phases. Plans keep the phases they were drawn up with."""

    list_display = ("name", "version", "is_active", "review")
    inlines = (PhaseInline,)


@admin.register(Indication)
class IndicationAdmin(EntryAdmin):
    """Indications and what they suggest."""

    list_display = ("name", "category", "is_active", "review")
    list_filter = (*EntryAdmin.list_filter, "category")
    filter_horizontal = ("protocols", "areas", "techniques", "ingredients")
