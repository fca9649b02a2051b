"""Check a cocktail that is not stored yet (the builder) or as it was really given (the record)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from treatments.domain import cocktail as rules
from treatments.domain.alternatives import alternatives, to_replace
from treatments.models import Ingredient, Technique, TreatmentPlan
from treatments.selectors.facts import (
    area_facts,
    areas_by_id,
    dose_of,
    incompatible_pairs,
    ingredient_facts,
    ingredients_by_id,
    layers_of,
    with_safety,
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

    `plan` adds what its signed sessions have given to the ceilings per course. `days` are further
    days of the course (the season of all counts), `sessions_ahead` how many sessions are planned
    with it, `suggested` the ingredients to look at first for alternatives.
    """

    lines: tuple[Line, ...]
    area_ids: frozenset[UUID]
    technique_ids: frozenset[UUID]
    on: dt.date
    plan: TreatmentPlan | None = None
    sun_confirmed: bool = False
    prescriber: bool = True
    days: tuple[dt.date, ...] = ()
    sessions_ahead: int = 1
    suggested: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Look:
    """All findings, gravest first, and what could be given instead, by ingredient key."""

    findings: tuple[rules.Finding, ...]
    instead: Mapping[str, tuple[Ingredient, ...]]


def check_for_patient(
    clinic: Clinic, patient: Patient, question: Question
) -> tuple[rules.Finding, ...]:
    """Everything that speaks against this cocktail for this patient, gravest first.

    Ids of another clinic are not found and so not checked: callers refuse them beforehand.
    A fixed number of queries (about 15).
    """
    known = ingredients_by_id(clinic, [line.ingredient_id for line in question.lines])
    return rules.check_cocktail(_check(clinic, patient, question, known))


def look_for_patient(clinic: Clinic, patient: Patient, question: Question) -> Look:
    """The findings with alternatives to what is stopped: five queries more where something is."""
    known = ingredients_by_id(clinic, [line.ingredient_id for line in question.lines])
    check = _check(clinic, patient, question, known)
    findings = rules.check_cocktail(check)
    stopped = [row for row in known.values() if row.key in to_replace(findings)]
    if not stopped:
        return Look(findings, {})
    others = _candidates(clinic, question, stopped)
    check = replace(check, pairs=incompatible_pairs(clinic, [*known, *others]))
    by_key = {row.key: row for row in others.values()}
    instead = {}
    for row in stopped:
        order = sorted(others.values(), key=lambda one: _fits(one, row, question))
        found = alternatives(check, row.key, [ingredient_facts(one) for one in order])
        instead[row.key] = tuple(by_key[one.ingredient.key] for one in found)
    return Look(findings, instead)


def _candidates(
    clinic: Clinic, question: Question, stopped: Sequence[Ingredient]
) -> dict[UUID, Ingredient]:
    """Ingredients in use of the same class or suggested by the indication, with their facts."""
    rows = Ingredient.objects.for_clinic(clinic).filter(
        Q(ingredient_class__in={one.ingredient_class for one in stopped})
        | Q(pk__in=question.suggested),
        is_active=True,
    )
    return {row.pk: row for row in with_safety(rows.order_by("name"))}


def _fits(one: Ingredient, for_row: Ingredient, question: Question) -> tuple[bool, bool]:
    """Sorts what serves the same goal first: suggested, then of the same class."""
    return one.pk not in question.suggested, one.ingredient_class != for_row.ingredient_class


def _check(
    clinic: Clinic, patient: Patient, question: Question, known: dict[UUID, Ingredient]
) -> rules.CocktailCheck:
    areas = areas_by_id(clinic)
    techniques = Technique.objects.for_clinic(clinic).filter(pk__in=question.technique_ids)
    safety = safety_of(clinic, [patient.pk], question.on)[patient.pk]
    return rules.CocktailCheck(
        items=_items(question.lines, known),
        patient=safety.facts,
        screening=safety.findings,
        areas=tuple(area_facts(areas[pk], areas) for pk in question.area_ids if pk in areas),
        layers=layers_of(techniques),
        pairs=incompatible_pairs(clinic, known),
        season=_season(clinic, question),
        given_in_course=_given(question.plan, known),
        prescriber=question.prescriber,
        sessions_ahead=question.sessions_ahead,
    )


def _season(clinic: Clinic, question: Question) -> rules.Season:
    """The season of the first day of the course with strong sun, else of the day asked about."""
    today = season_on(clinic, question.on, confirmed=question.sun_confirmed)
    later = (
        replace(season_on(clinic, day, confirmed=question.sun_confirmed), ahead=True)
        for day in question.days
    )
    return next((one for one in (today, *later) if one.strong_sun), today)


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
