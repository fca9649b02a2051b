"""Check a cocktail that is not stored yet (the builder) or as it was really given (the record)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from treatments.domain import cocktail as rules
from treatments.models import Ingredient, Technique, TreatmentPlan
from treatments.selectors.facts import (
    area_facts,
    areas_by_id,
    dose_of,
    incompatible_pairs,
    ingredient_facts,
    ingredients_by_id,
    layers_of,
)
from treatments.selectors.gate import given_so_far, season_on
from treatments.selectors.safety import safety_of


@dataclass(frozen=True)
class Line:
    """An ingredient with its dose per session, in the ingredient's unit of dose."""

    ingredient_id: UUID
    dose: Decimal


@dataclass(frozen=True)
class Question:
    """A cocktail for one patient: what, where, how deep, and on which local day it is judged.

    `plan` adds what its signed sessions have given to the ceilings per course.
    """

    lines: tuple[Line, ...]
    area_ids: frozenset[UUID]
    technique_ids: frozenset[UUID]
    on: dt.date
    plan: TreatmentPlan | None = None
    sun_confirmed: bool = False
    prescriber: bool = True


def check_for_patient(
    clinic: Clinic, patient: Patient, question: Question
) -> tuple[rules.Finding, ...]:
    """Everything that speaks against this cocktail for this patient, gravest first.

    Ids of another clinic are not found and so not checked: callers refuse them beforehand.
    A fixed number of queries (about 15).
    """
    known = ingredients_by_id(clinic, [line.ingredient_id for line in question.lines])
    areas = areas_by_id(clinic)
    techniques = Technique.objects.for_clinic(clinic).filter(pk__in=question.technique_ids)
    safety = safety_of(clinic, [patient.pk], question.on)[patient.pk]
    return rules.check_cocktail(
        rules.CocktailCheck(
            items=_items(question.lines, known),
            patient=safety.facts,
            screening=safety.findings,
            areas=tuple(area_facts(areas[pk], areas) for pk in question.area_ids if pk in areas),
            layers=layers_of(techniques),
            pairs=incompatible_pairs(clinic, known),
            season=season_on(clinic, question.on, confirmed=question.sun_confirmed),
            given_in_course=_given(question.plan, known),
            prescriber=question.prescriber,
        )
    )


def _items(lines: Sequence[Line], known: dict[UUID, Ingredient]) -> tuple[rules.CocktailItem, ...]:
    return tuple(
        rules.CocktailItem(
            ingredient_facts(known[line.ingredient_id]),
            dose_of(line.dose, known[line.ingredient_id].unit),
        )
        for line in lines
        if line.ingredient_id in known
    )


def _given(
    plan: TreatmentPlan | None, known: dict[UUID, Ingredient]
) -> tuple[rules.CourseDose, ...]:
    if plan is None:
        return ()
    return tuple(
        rules.CourseDose(known[ingredient].key, dose_of(amount, unit))
        for ingredient, unit, amount in given_so_far([plan.pk]).get(plan.pk, [])
        if ingredient in known
    )
