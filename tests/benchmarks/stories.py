"""What the layout alone does not tell: a course to be planned, and a clinic on a busy day."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

from psycopg2.extras import DateTimeTZRange

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from mesoclinic.common.calendar import to_utc
from patients import services as patients
from patients.models import Patient, Questionnaire, Screening
from patients.services import PatientData
from scheduling.models import Appointment
from tests.benchmarks.people import names
from treatments import services as treatments
from treatments.models import Indication, TreatmentPlan
from treatments.services import Line, PlanDraft, Signature

if TYPE_CHECKING:
    from tests.benchmarks.world import House

SESSIONS = 12
VISITS_TODAY = 40
_CALM = ("not_applicable", "never", "no", "none")


def actor_of(member: Membership) -> Actor:
    """A member of staff who clicks."""
    return Actor(
        kind="staff", id=str(member.staff_id), label=member.display_name, role=member.role,
        clinic_id=member.clinic_id, staff_id=member.staff_id,
    )  # fmt: skip


def course(house: House, patient: Patient, now: dt.datetime, start_on: dt.date) -> TreatmentPlan:
    """A screened patient with a consented plan of 12 sessions, none of them booked."""
    _screen(house, patient, now)
    return _plan(house, patient, now, start_on, ("cellulite_body", (10, 2)))


def busy_day(house: House, now: dt.datetime) -> None:
    """Forty visits today by five practitioners; every other one is a session of a course."""
    today = house.clinic.today(now)
    people = list(names(VISITS_TODAY, random.Random(7)))
    for number, (_given, family, whole, country) in enumerate(people):
        who, place = number % len(house.practitioners), number // len(house.practitioners)
        patient = patients.register_patient(
            actor=actor_of(house.desk),
            clinic=house.clinic,
            data=PatientData(
                name=whole, family_name=family, sex="female", country=country,
                email=f"today{number}@patients.example", birth_date=dt.date(1985, 3, 1 + number % 28),
            ),
            now=now,
            accept_duplicate=True,
        )  # fmt: skip
        plan = None
        if number % 4:
            _screen(house, patient, now)
        if number % 2:
            plan = _plan(house, patient, now, today, ("initial_course", (4, 4)))
        _visit(house, patient, plan, who, dt.datetime.combine(today, dt.time(9 + place)))


def _visit(
    house: House,
    patient: Patient,
    plan: TreatmentPlan | None,
    who: int,
    local: dt.datetime,
) -> None:
    start = to_utc(local, house.clinic.zone)
    span = DateTimeTZRange(start, start + dt.timedelta(minutes=30))
    Appointment.objects.create(
        clinic=house.clinic,
        patient=patient,
        practitioner_id=house.practitioner(who),
        room=house.rooms[who],
        visit_type=house.visit_type,
        plan=plan,
        planned_session=plan.sessions.order_by("number").first() if plan else None,
        during=span,
        occupies=span,
    )


def _screen(house: House, patient: Patient, now: dt.datetime) -> None:
    """Calm answers to every required question."""
    desk = actor_of(house.desk)
    screening = patients.start_screening(
        actor=desk, patient=patient, channel=Screening.Channel.DESK, now=now
    )
    row = Questionnaire.objects.for_clinic(house.clinic).get(status="published")
    answers: dict[str, object] = {}
    for key, question in patients.questionnaire_spec(row).questions.items():
        if question.required and question.show_if is None:
            options = [option.key for option in question.options]
            calm = ("no", *_CALM) if patient.sex == "female" else _CALM
            value = next((one for one in calm if one in options), "no")
            answers[key] = [value] if question.kind.value == "many_of" else value
    patients.save_answers(actor=desk, screening=screening, answers=answers, now=now)
    patients.submit_screening(actor=desk, screening=screening, now=now, signed_name=patient.name)


def _plan(
    house: House,
    patient: Patient,
    now: dt.datetime,
    start_on: dt.date,
    protocol: tuple[str, tuple[int, ...]],
) -> TreatmentPlan:
    """An active, consented plan; `protocol` is its key and the number of sessions by phase."""
    key, counts = protocol
    indication = (
        Indication.objects.for_clinic(house.clinic)
        .filter(protocols__key=key, areas__isnull=False, techniques__isnull=False)
        .order_by("key")
        .first()
    )
    assert indication is not None
    actor = actor_of(house.practitioners[0])
    chosen = indication.ingredients.filter(prescription_only=False).order_by("key")[:2]
    draft = PlanDraft(
        practitioner_id=house.practitioner(0),
        indication_id=indication.pk,
        protocol_id=indication.protocols.get(key=key).pk,
        technique_ids=frozenset({indication.techniques.all()[0].pk}),
        area_ids=frozenset({indication.areas.all()[0].pk}),
        lines=tuple(Line(one.pk, one.usual_dose) for one in chosen),
        start_on=start_on,
        counts=counts,
    )
    plan = treatments.create_plan(patient=patient, draft=draft, actor=actor, now=now)
    cocktail = plan.cocktails.latest()
    text = treatments.text_digest(treatments.consent_text(cocktail))
    treatments.sign_consent(
        cocktail=cocktail, signature=Signature(text, patient.name), actor=actor, now=now
    )
    return treatments.activate_plan(plan=plan, actor=actor, now=now)
