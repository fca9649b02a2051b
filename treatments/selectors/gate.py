"""Gather everything the gate looks at, for many sessions with a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum

from mesoclinic.clinic.models import Clinic, Membership, Role
from treatments.domain import cocktail as rules
from treatments.domain.readiness import (
    ConsentFacts,
    LotFacts,
    LotProblem,
    Moment,
    PlanStatus,
    ReadinessInputs,
)
from treatments.models import (
    SEVERE,
    AdverseEvent,
    Cocktail,
    CocktailItem,
    Consent,
    Ingredient,
    Lot,
    PlannedSession,
    ReadinessOverride,
    SessionDose,
    TargetArea,
    Technique,
    TreatmentPlan,
)
from treatments.selectors.facts import (
    area_facts,
    areas_by_id,
    dose_of,
    incompatible_pairs,
    ingredient_facts,
    ingredients_by_id,
    layers_of,
)
from treatments.selectors.safety import PatientSafety, safety_of
from treatments.selectors.windows import has_record, sessions_of, window_verdict


@dataclass(frozen=True)
class Visit:
    """One question to the gate: a session on the clinic's local day, and who would give it."""

    session: PlannedSession
    on: dt.date
    practitioner_id: UUID


@dataclass
class Gathered:
    """All rows of one round of questions, in dictionaries by what they belong to."""

    clinic: Clinic
    sessions: dict[UUID, list[PlannedSession]] = field(default_factory=dict)
    cocktails: dict[UUID, Cocktail] = field(default_factory=dict)
    items: dict[UUID, list[CocktailItem]] = field(default_factory=dict)
    ingredients: dict[UUID, Ingredient] = field(default_factory=dict)
    techniques: dict[UUID, list[Technique]] = field(default_factory=dict)
    plan_areas: dict[UUID, list[TargetArea]] = field(default_factory=dict)
    areas: dict[UUID, TargetArea] = field(default_factory=dict)
    pairs: tuple[rules.IncompatiblePair, ...] = ()
    consents: dict[UUID, Consent] = field(default_factory=dict)
    safety: dict[UUID, PatientSafety] = field(default_factory=dict)
    events: dict[UUID, int] = field(default_factory=dict)
    lots: dict[UUID, list[Lot]] = field(default_factory=dict)
    licences: dict[UUID, Membership] = field(default_factory=dict)
    overrides: dict[UUID, set[str]] = field(default_factory=dict)
    given: dict[UUID, list[tuple[UUID, str, Decimal]]] = field(default_factory=dict)


def gather(clinic: Clinic, visits: Sequence[Visit], at: Moment) -> Gathered:
    """Read all that the gate needs for `visits` of one clinic: about 22 queries, however many."""
    plans = {visit.session.plan_id: visit.session.plan for visit in visits}
    rows = Gathered(clinic, sessions=sessions_of(plans))
    _add_cocktails(rows, plans)
    _add_places(rows, plans)
    rows.consents = _consents(plans)
    patients = {plan.patient_id for plan in plans.values()}
    rows.safety = safety_of(clinic, patients, min(visit.on for visit in visits))
    rows.events = _open_severe_events(clinic, patients)
    if at is not Moment.BOOKING:
        rows.lots = lots_by_ingredient(clinic, rows.ingredients)
    rows.licences = _licences(clinic, {visit.practitioner_id for visit in visits})
    _add_overrides(rows, [visit.session.pk for visit in visits])
    rows.given = given_so_far(plans)
    return rows


def inputs_for(
    rows: Gathered, visit: Visit, at: Moment, booked: Mapping[UUID, dt.date]
) -> ReadinessInputs:
    """The domain's input for one visit, out of what was gathered."""
    session, plan = visit.session, visit.session.plan
    safety = rows.safety[session.patient_id]
    member = rows.licences.get(visit.practitioner_id)
    siblings = rows.sessions.get(plan.pk, [])
    return ReadinessInputs(
        at=at,
        visit_on=visit.on,
        screening=safety.screening_on(visit.on),
        cocktail=cocktail_findings(rows, plan, visit),
        consent=_consent_facts(rows, plan),
        window=window_verdict(session, siblings, visit.on, booked),
        open_severe_events=rows.events.get(session.patient_id, 0),
        lots=() if at is Moment.BOOKING else _lot_facts(rows, plan, visit.on),
        licence_valid_until=None if member is None else member.licence_expires_on,
        licence_known=member is not None,
        plan=PlanStatus(plan.status),
        deceased=safety.deceased,
        overrides=frozenset(rows.overrides.get(session.pk, ())),
    )


def cocktail_findings(
    rows: Gathered, plan: TreatmentPlan, visit: Visit
) -> tuple[rules.Finding, ...]:
    """Check the plan's current cocktail for the patient, the places and the day of the visit."""
    cocktail = rows.cocktails.get(plan.pk)
    if cocktail is None:
        return (
            rules.Finding(
                rules.Level.STOP, "no_cocktail", "The plan has no cocktail yet.",
                "Nothing can be checked or given.", "G", "Put a cocktail together.",
            ),
        )  # fmt: skip
    safety = rows.safety[plan.patient_id]
    items = tuple(
        rules.CocktailItem(
            ingredient_facts(rows.ingredients[item.ingredient_id]), dose_of(item.dose, item.unit)
        )
        for item in rows.items.get(cocktail.pk, [])
    )
    return rules.check_cocktail(
        rules.CocktailCheck(
            items=items,
            patient=safety.facts,
            screening=safety.findings,
            areas=tuple(area_facts(row, rows.areas) for row in rows.plan_areas.get(plan.pk, [])),
            layers=layers_of(rows.techniques.get(plan.pk, [])),
            pairs=rows.pairs,
            season=season_on(rows.clinic, visit.on, confirmed=_sun_confirmed(visit.session)),
            given_in_course=course_doses(rows, plan),
            prescriber=visit.practitioner_id in rows.licences,
        )
    )


def course_doses(rows: Gathered, plan: TreatmentPlan) -> tuple[rules.CourseDose, ...]:
    """What the signed sessions of a plan have given so far."""
    return tuple(
        rules.CourseDose(rows.ingredients[ingredient].key, dose_of(amount, unit))
        for ingredient, unit, amount in rows.given.get(plan.pk, [])
        if ingredient in rows.ingredients
    )


def season_on(clinic: Clinic, day: dt.date, *, confirmed: bool = False) -> rules.Season:
    """The season of a local day at the clinic (S4)."""
    return rules.Season(day.month, rules.Hemisphere(clinic.hemisphere), confirmed)


def _sun_confirmed(session: PlannedSession) -> bool:
    return has_record(session) and bool(session.record.checklist.get("sun_protection"))


def _add_cocktails(rows: Gathered, plans: Iterable[UUID]) -> None:
    latest = (
        Cocktail.objects.filter(plan_id__in=set(plans))
        .order_by("plan_id", "-version")
        .distinct("plan_id")
    )
    rows.cocktails = {row.plan_id: row for row in latest}
    ids = [row.pk for row in rows.cocktails.values()]
    for item in CocktailItem.objects.filter(cocktail_id__in=ids).order_by("created_at", "id"):
        rows.items.setdefault(item.cocktail_id, []).append(item)
    wanted = {item.ingredient_id for items in rows.items.values() for item in items}
    rows.ingredients = ingredients_by_id(rows.clinic, wanted)
    rows.pairs = incompatible_pairs(rows.clinic, wanted)


def _add_places(rows: Gathered, plans: Iterable[UUID]) -> None:
    wanted = set(plans)
    rows.areas = areas_by_id(rows.clinic)
    for area_link in TreatmentPlan.areas.through.objects.filter(treatmentplan_id__in=wanted):
        rows.plan_areas.setdefault(area_link.treatmentplan_id, []).append(
            rows.areas[area_link.targetarea_id]
        )
    links = TreatmentPlan.techniques.through.objects.filter(treatmentplan_id__in=wanted)
    for link in links.select_related("technique"):
        rows.techniques.setdefault(link.treatmentplan_id, []).append(link.technique)


def _consents(plans: Iterable[UUID]) -> dict[UUID, Consent]:
    """The latest signature of each plan, whichever version it was for."""
    rows = (
        Consent.objects.filter(cocktail__plan_id__in=set(plans))
        .select_related("cocktail")
        .defer("text")
        .order_by("cocktail__plan_id", "-signed_at", "-id")
        .distinct("cocktail__plan_id")
    )
    return {row.cocktail.plan_id: row for row in rows}


def _consent_facts(rows: Gathered, plan: TreatmentPlan) -> ConsentFacts:
    cocktail, consent = rows.cocktails.get(plan.pk), rows.consents.get(plan.pk)
    return ConsentFacts(
        signed_version=None if consent is None else consent.cocktail.version,
        current_version=1 if cocktail is None else cocktail.version,
        withdrawn=consent is not None and not consent.is_in_force,
    )


def _open_severe_events(clinic: Clinic, patients: Iterable[UUID]) -> dict[UUID, int]:
    rows = (
        AdverseEvent.objects.for_clinic(clinic)
        .filter(patient_id__in=set(patients), resolved_at__isnull=True, severity__gte=SEVERE)
        .order_by()
        .values_list("patient_id")
        .annotate(open=Count("id"))
    )
    return dict(rows)


def lots_by_ingredient(clinic: Clinic, ingredients: Iterable[UUID]) -> dict[UUID, list[Lot]]:
    """All lots of the ingredients, first-expired first (one query)."""
    rows = (
        Lot.objects.for_clinic(clinic)
        .filter(product__ingredient_id__in=set(ingredients))
        .select_related("product")
        .order_by("expires_on", "created_at")
    )
    lots: dict[UUID, list[Lot]] = {}
    for row in rows:
        lots.setdefault(row.product.ingredient_id, []).append(row)
    return lots


def _lot_facts(rows: Gathered, plan: TreatmentPlan, on: dt.date) -> tuple[LotFacts, ...]:
    cocktail = rows.cocktails.get(plan.pk)
    items = [] if cocktail is None else rows.items.get(cocktail.pk, [])
    return tuple(
        _best_lot(rows.ingredients[item.ingredient_id], rows.lots.get(item.ingredient_id, []), on)
        for item in items
    )


def _best_lot(ingredient: Ingredient, lots: Sequence[Lot], on: dt.date) -> LotFacts:
    usable = next((lot for lot in lots if lot.usable_on(on)), None)
    if usable is not None:
        return LotFacts(ingredient.name, usable.number)
    if not lots:
        return LotFacts(ingredient.name, "", LotProblem.MISSING)
    newest = lots[-1]
    return LotFacts(ingredient.name, newest.number, lot_problem(newest, on))


def lot_problem(lot: Lot, on: dt.date, at: dt.datetime | None = None) -> LotProblem | None:
    """What is wrong with a lot on a local day; None when it can be used.

    With `at`, the vial that is open must still be good at that moment: on a later day another vial
    may have been opened, so planning doesn't ask.
    """
    if lot.withdrawn_at is not None:
        return LotProblem.WITHDRAWN
    return problem_but_withdrawn(lot, on, at)


def problem_but_withdrawn(
    lot: Lot, on: dt.date, at: dt.datetime | None = None
) -> LotProblem | None:
    """The same, whether the lot was withdrawn or not."""
    if lot.expires_on < on:
        return LotProblem.EXPIRED
    if lot.quantity <= 0:
        return LotProblem.EXHAUSTED
    stale = at is not None and lot.use_until is not None and lot.use_until < at
    return LotProblem.OPEN_TOO_LONG if stale else None


def _licences(clinic: Clinic, staff: Iterable[UUID]) -> dict[UUID, Membership]:
    rows = Membership.objects.for_clinic(clinic).active()
    return {
        row.staff_id: row for row in rows.filter(staff_id__in=set(staff), role=Role.PRACTITIONER)
    }


def _add_overrides(rows: Gathered, sessions: Iterable[UUID]) -> None:
    found = ReadinessOverride.objects.filter(planned_session_id__in=list(sessions))
    for session_id, codes in found.values_list("planned_session_id", "codes"):
        rows.overrides.setdefault(session_id, set()).update(codes)


def given_so_far(plans: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, str, Decimal]]]:
    """Ingredient, unit and sum of all signed sessions, by plan (one query)."""
    totals = (
        SessionDose.objects.filter(
            session__planned_session__plan_id__in=set(plans), session__signed_at__isnull=False
        )
        .order_by()
        .values_list("session__planned_session__plan_id", "ingredient_id", "unit")
        .annotate(amount=Sum("dose"))
    )
    given: dict[UUID, list[tuple[UUID, str, Decimal]]] = {}
    for plan_id, ingredient_id, unit, amount in totals:
        given.setdefault(plan_id, []).append((ingredient_id, unit, amount))
    return given
