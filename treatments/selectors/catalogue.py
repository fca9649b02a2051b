"""The catalogue as the builder and the API read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Prefetch, QuerySet
from django.db.models.lookups import IsNull

from mesoclinic.clinic.models import Clinic, Membership
from treatments.models import (
    IncompatiblePair,
    Indication,
    Ingredient,
    InjectionDevice,
    Product,
    Protocol,
    Recipe,
    RecipeItem,
    TargetArea,
    Technique,
)


def indications(clinic: Clinic) -> QuerySet[Indication]:
    """Indications in use, by category and name."""
    return Indication.objects.for_clinic(clinic).filter(is_active=True).order_by("category", "name")


def protocols(clinic: Clinic) -> QuerySet[Protocol]:
    """Protocols in use with their phases; of several versions the newest that is approved.

    Of a protocol that nobody has approved yet it is the newest.
    """
    newest = (
        Protocol.objects.for_clinic(clinic)
        .filter(is_active=True)
        .order_by("key", IsNull(F("approved_at"), True), "-version")  # noqa: FBT003
        .distinct("key")
        .values("pk")
    )
    return Protocol.objects.filter(pk__in=newest).prefetch_related("phases").order_by("name")


def areas(clinic: Clinic) -> QuerySet[TargetArea]:
    """Areas in use, by region and name."""
    rows = TargetArea.objects.for_clinic(clinic).filter(is_active=True)
    return rows.select_related("parent").order_by("region", "name")


def techniques(clinic: Clinic) -> QuerySet[Technique]:
    """Techniques in use, from the surface down."""
    rows = Technique.objects.for_clinic(clinic).filter(is_active=True)
    return rows.order_by("depth_max_mm", "name")


def ingredients(clinic: Clinic) -> QuerySet[Ingredient]:
    """Ingredients in use, by class and name."""
    rows = Ingredient.objects.for_clinic(clinic).filter(is_active=True)
    return rows.order_by("ingredient_class", "name")


def recipes(clinic: Clinic, indication: Indication | None = None) -> QuerySet[Recipe]:
    """Recipes in use with their ingredients; of an indication those made for it."""
    rows = Recipe.objects.for_clinic(clinic).filter(is_active=True)
    if indication is not None:
        rows = rows.filter(indications=indication)
    items = RecipeItem.objects.select_related("ingredient").order_by("ingredient__name")
    return rows.prefetch_related(Prefetch("items", items)).order_by("name")


def recipe_doses(clinic: Clinic, pk: str) -> dict[str, Decimal]:
    """Ingredient id → dose of one recipe in use, as a form names it; empty for any other text."""
    try:
        wanted = UUID(pk)
    except ValueError:
        return {}
    rows = RecipeItem.objects.for_clinic(clinic).filter(recipe_id=wanted, recipe__is_active=True)
    return {str(one): dose for one, dose in rows.values_list("ingredient_id", "dose")}


def devices(clinic: Clinic) -> QuerySet[InjectionDevice]:
    """Injection devices in use, by name."""
    return InjectionDevice.objects.for_clinic(clinic).filter(is_active=True).order_by("name")


def incompatible(clinic: Clinic) -> QuerySet[IncompatiblePair]:
    """Pairs that may not share a cocktail."""
    return IncompatiblePair.objects.for_clinic(clinic).select_related("first", "second")


def products(clinic: Clinic) -> QuerySet[Product]:
    """Products in use with their ingredients."""
    rows = Product.objects.for_clinic(clinic).filter(is_active=True)
    return rows.select_related("ingredient").order_by("name")


def practitioners(clinic: Clinic) -> QuerySet[Membership]:
    """Those who treat, by name."""
    return Membership.objects.for_clinic(clinic).active().practitioners().with_staff()


@dataclass(frozen=True)
class Suggestions:
    """What an indication suggests, as ids; all empty without an indication."""

    protocols: frozenset[UUID] = frozenset()
    areas: frozenset[UUID] = frozenset()
    techniques: frozenset[UUID] = frozenset()
    ingredients: frozenset[UUID] = frozenset()


def suggestions(indication: Indication | None) -> Suggestions:
    """Four queries; none without an indication."""
    if indication is None:
        return Suggestions()
    return Suggestions(
        protocols=_ids(indication.protocols.values_list("pk", flat=True)),
        areas=_ids(indication.areas.values_list("pk", flat=True)),
        techniques=_ids(indication.techniques.values_list("pk", flat=True)),
        ingredients=_ids(indication.ingredients.values_list("pk", flat=True)),
    )


def _ids(rows: Iterable[UUID]) -> frozenset[UUID]:
    return frozenset(rows)
