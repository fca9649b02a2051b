"""The check of a full cocktail, the page of a full map, and the trace of a lot over years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mesoclinic.common.ids import new_id
from patients.models import Patient, PatientOwned
from tests.benchmarks import stories
from tests.benchmarks.client import expect
from tests.benchmarks.harness import Bench, Figure
from tests.benchmarks.loading import copy
from tests.benchmarks.timing import measure
from treatments import services
from treatments.domain.injections import MapDraft, read_map
from treatments.models import (
    Ingredient,
    Lot,
    PlannedSession,
    Product,
    SessionDose,
    SessionRecord,
    Syringe,
    TreatmentPlan,
)
from treatments.selectors.checks import Line, Question, check_for_patient

_Row = TypeVar("_Row", bound=PatientOwned)
POINTS = 400
SESSIONS = 100_000
_PER_PLAN = 20
# Every so many sessions the traced lot is in the syringe: 400 sessions of 100,000.
_EVERY = 250
_FLOOR_TRACE = """
SELECT s.id, s.performed_on, p.name, d.dose, a.name, y.number
FROM treatments_sessiondose d JOIN treatments_sessionrecord s ON s.id = d.session_id
JOIN patients_patient p ON p.id = s.patient_id JOIN treatments_targetarea a ON a.id = d.area_id
LEFT JOIN treatments_syringe y ON y.id = d.syringe_id
WHERE d.lot_id = %(lot)s AND s.signed_at IS NOT NULL ORDER BY s.performed_on DESC LIMIT 50
"""

# Copper destroys vitamin C: the check must say so.
_TWELVE = (
    "vitamin_c", "copper", "biotin", "dexpanthenol", "vitamin_b6", "vitamin_b12", "zinc",
    "hyaluronic_acid", "taurine", "glycine", "proline", "lidocaine",
)  # fmt: skip
_FLOOR_CHECK = """
SELECT i.key, i.unit, i.max_dose_session, c.tag, a.key, p.reason
FROM treatments_ingredient i
LEFT JOIN treatments_ingredientcontraindication c ON c.ingredient_id = i.id
LEFT JOIN treatments_ingredient_forbidden_areas f ON f.ingredient_id = i.id
LEFT JOIN treatments_targetarea a ON a.id = f.targetarea_id
LEFT JOIN treatments_incompatiblepair p ON p.first_id = i.id AND p.second_id = ANY (%(ids)s::uuid[])
WHERE i.id = ANY (%(ids)s::uuid[])
"""


def cocktail(bench: Bench) -> Sequence[Figure]:
    """A cocktail of twelve ingredients against a screened patient, in this process."""
    house = bench.world.big
    plan = TreatmentPlan.objects.get(pk=bench.world.course_plan)
    patient = Patient.objects.get(pk=plan.patient_id)
    rows = list(Ingredient.objects.filter(clinic=house.clinic, key__in=_TWELVE))
    assert len(rows) == len(_TWELVE), "the catalogue has all twelve"
    question = Question(
        lines=tuple(Line(row.pk, row.usual_dose) for row in rows),
        area_ids=frozenset(area.pk for area in plan.areas.all()),
        technique_ids=frozenset(one.pk for one in plan.techniques.all()),
        on=house.clinic.today(bench.world.built_at),
    )
    with CaptureQueriesContext(connection) as queries:
        findings = check_for_patient(house.clinic, patient, question)
    assert "pair" in {one.code for one in findings}, "vitamin C beside copper is found"
    timing = measure(
        lambda _number: check_for_patient(house.clinic, patient, question),
        repeat=bench.plan.repeat, warm_up=2,
    )  # fmt: skip
    floor = bench.bare(_FLOOR_CHECK, {"ids": [str(row.pk) for row in rows]})
    return [Figure("cocktail", timing.median, timing.p95, len(queries), floor)]


def session_page(bench: Bench) -> Sequence[Figure]:
    """The page of an unsigned session on which 400 points are drawn, signed in as practitioner."""
    house = bench.world.big
    plan = TreatmentPlan.objects.get(pk=bench.world.course_plan)
    session = plan.sessions.order_by("number")[0]
    now = bench.world.built_at
    record = SessionRecord.objects.create(
        clinic=house.clinic, patient_id=plan.patient_id, planned_session=session,
        cocktail=plan.cocktails.latest(), practitioner_id=house.practitioner(0),
        performed_on=house.clinic.today(now), started_at=now,
    )  # fmt: skip
    services.save_draft(
        record=record,
        draft=services.Draft(drawing=_drawing(plan)),
        actor=stories.actor_of(house.practitioners[0]),
        now=now,
    )
    client = bench.client(house.practitioner(0))
    path = f"/sessions/{session.pk}/"
    text = expect(client.get(path), 200).text
    assert f"data-total-points>{POINTS}<" in text, "all points are on the page"
    return [bench.page("session", client, path)]


def trace(bench: Bench) -> Sequence[Figure]:
    """The first page of a lot that was in 400 of 100,000 signed sessions (fewer with --quick)."""
    count = SESSIONS if len(bench.world.patients) >= SESSIONS else 2 * _EVERY
    lot = _history(bench, count)
    client = bench.client(bench.world.big.practitioner(0))
    path = f"/stock/{lot.pk}/trace/"
    text = expect(client.get(path), 200).text
    assert f'stat-value">{count // _EVERY}<' in text, "every session of the lot is counted"
    floor = bench.bare(_FLOOR_TRACE, {"lot": str(lot.pk)})
    return [bench.page("trace", client, path, floor)]


def _drawing(plan: TreatmentPlan) -> MapDraft:
    area, technique = plan.areas.all()[0], plan.techniques.all()[0]
    points = [[10 + n % 20 * 4, 10 + n // 20 * 4] for n in range(POINTS)]
    group = {
        "view": "front", "area": str(area.pk), "technique": str(technique.pk),
        "layer": technique.layers[0], "depth": str(technique.depth_min_mm), "volume": "0.005",
        "syringe": 1, "points": points,
    }  # fmt: skip
    return read_map({"groups": [group]})


def _history(bench: Bench, count: int) -> Lot:
    """So many signed sessions of patients in turn, with a syringe and a dose each."""
    house, now = bench.world.big, bench.world.built_at
    model = TreatmentPlan.objects.get(pk=bench.world.course_plan)
    cocktail = model.cocktails.latest()
    item = cocktail.items.all()[0]
    product = Product.objects.filter(clinic=house.clinic, ingredient=item.ingredient)[0]
    lots = [
        Lot.objects.create(
            clinic=house.clinic, product=product, number=number,
            expires_on=house.clinic.today(now) + dt.timedelta(days=300), quantity=Decimal(10_000),
        )
        for number in ("BENCH-TRACED", "BENCH-OTHER")
    ]  # fmt: skip
    plans = [_like(model, patient) for patient in bench.world.patients[1 : 1 + count // _PER_PLAN]]
    copy(TreatmentPlan, plans)
    cocktails = [_like(cocktail, plan.patient_id, plan_id=plan.pk) for plan in plans]
    copy(type(cocktail), cocktails)
    planned = [
        PlannedSession(
            clinic=house.clinic, patient_id=plan.patient_id, plan_id=plan.pk, number=number,
            phase_name="Weekly",
        )
        for plan in plans
        for number in range(1, _PER_PLAN + 1)
    ]  # fmt: skip
    copy(PlannedSession, planned)
    of_plan = {plan.pk: one.pk for plan, one in zip(plans, cocktails, strict=True)}
    records = [
        SessionRecord(
            clinic=house.clinic, patient_id=one.patient_id, planned_session_id=one.pk,
            cocktail_id=of_plan[one.plan_id], practitioner_id=house.practitioner(0),
            performed_on=house.clinic.today(now) - dt.timedelta(days=7 * one.number), started_at=now,
        )
        for one in planned
    ]  # fmt: skip
    copy(SessionRecord, records)
    syringes = [
        Syringe(
            clinic=house.clinic, patient_id=one.patient_id, session_id=one.pk, number=1,
            drawn_up_at=now,
        )
        for one in records
    ]  # fmt: skip
    copy(Syringe, syringes)
    copy(SessionDose, _doses(model, item.ingredient_id, lots, syringes))
    SessionRecord.objects.filter(pk__in=[one.pk for one in records]).update(
        signed_at=now + dt.timedelta(minutes=20), signed_by=house.practitioner(0)
    )
    return lots[0]


def _doses(
    plan: TreatmentPlan, ingredient: UUID, lots: list[Lot], syringes: list[Syringe]
) -> Iterator[SessionDose]:
    area, technique = plan.areas.all()[0], plan.techniques.all()[0]
    for number, one in enumerate(syringes):
        yield SessionDose(
            clinic_id=one.clinic_id, patient_id=one.patient_id, session_id=one.session_id,
            syringe_id=one.pk, ingredient_id=ingredient, lot=lots[bool(number % _EVERY)],
            dose=Decimal("0.5"), unit="ml", area=area, technique=technique,
        )  # fmt: skip


def _like(row: _Row, patient: UUID, **changes: UUID) -> _Row:
    """An unsaved copy of a row for another patient."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, "id": new_id(), "patient_id": patient, **changes})
