"""Catalogue rows as the facts that the domain's checks understand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from mesoclinic.clinic.models import Clinic
from treatments.domain import cocktail as rules
from treatments.domain.doses import Dose, Unit, parse_unit
from treatments.models import (
    IncompatiblePair,
    Ingredient,
    IngredientContraindication,
    TargetArea,
    Technique,
)


def dose_of(amount: Decimal, unit: str) -> Dose:
    """An amount and the unit word of a row as an exact dose."""
    return Dose(amount, parse_unit(unit))


def ingredients_by_id(clinic: Clinic | UUID, ids: Iterable[UUID]) -> dict[UUID, Ingredient]:
    """Ingredients with all that the checks ask of them: three queries, however many."""
    rows = Ingredient.objects.for_clinic(clinic).filter(pk__in=set(ids))
    return {row.pk: row for row in with_safety(rows)}


def with_safety(rows: QuerySet[Ingredient]) -> QuerySet[Ingredient]:
    """Prefetch the contraindications and forbidden areas of a queryset of ingredients."""
    return rows.prefetch_related(
        Prefetch("contraindications", IngredientContraindication.objects.all()),
        Prefetch("forbidden_areas", TargetArea.objects.only("id", "key")),
    )


def ingredient_facts(row: Ingredient) -> rules.IngredientFacts:
    """One ingredient as the safety check sees it; call with rows of `ingredients_by_id`."""
    per_kg = None if row.max_mg_per_kg is None else Dose(row.max_mg_per_kg, Unit.MG)
    course = None if row.max_dose_course is None else dose_of(row.max_dose_course, row.unit)
    return rules.IngredientFacts(
        key=row.key,
        name=row.name,
        ingredient_class=row.ingredient_class,
        prescription_only=row.prescription_only,
        allergen_groups=frozenset(row.allergen_tags),
        contraindications=tuple(
            rules.Contraindication(
                tag=one.tag,
                level=rules.Level(one.level),
                why=one.why,
                source=one.source,
                past_counts=one.past_counts,
            )
            for one in row.contraindications.all()
        ),
        usual_dose=dose_of(row.usual_dose, row.unit),
        max_per_session=dose_of(row.max_dose_session, row.unit),
        max_per_kg=per_kg,
        max_per_course=course,
        forbidden_areas=frozenset(area.key for area in row.forbidden_areas.all()),
        forbidden_layers=frozenset(row.forbidden_layers),
        sun_sensitive=row.sun_sensitive,
        additive_group=row.additive_group,
        source=row.source,
    )


def areas_by_id(clinic: Clinic | UUID) -> dict[UUID, TargetArea]:
    """All areas of a clinic: a few dozen, so one query serves parents too."""
    return {row.pk: row for row in TargetArea.objects.for_clinic(clinic)}


def area_facts(row: TargetArea, areas: Mapping[UUID, TargetArea]) -> rules.AreaFacts:
    """An area with everything it lies within: its parents and its region."""
    within, parent, forbidden = {row.region}, row.parent_id, set(row.forbidden_layers)
    sun = row.sun_exposed
    while parent is not None and areas[parent].key not in within:
        above = areas[parent]
        within |= {above.key, above.region}
        forbidden |= set(above.forbidden_layers)
        sun = sun or above.sun_exposed
        parent = above.parent_id
    return rules.AreaFacts(
        key=row.key,
        name=row.name,
        within=frozenset(within - {row.key}),
        sun_exposed=sun,
        forbidden_layers=frozenset(forbidden),
    )


def layers_of(techniques: Iterable[Technique]) -> frozenset[str]:
    """All layers that the techniques reach."""
    return frozenset(layer for row in techniques for layer in row.layers)


def incompatible_pairs(
    clinic: Clinic | UUID, ids: Iterable[UUID]
) -> tuple[rules.IncompatiblePair, ...]:
    """The pairs whose both partners are among `ids` (one query)."""
    wanted = set(ids)
    rows = (
        IncompatiblePair.objects.for_clinic(clinic)
        .filter(Q(first__in=wanted) & Q(second__in=wanted))
        .select_related("first", "second")
    )
    return tuple(
        rules.IncompatiblePair(
            first=row.first.key,
            second=row.second.key,
            why=row.reason,
            source=row.source,
            level=rules.Level(row.level),
        )
        for row in rows
    )
