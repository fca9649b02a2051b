"""Beginnings for the journeys: a clinic ready to work, and a patient as far as the story needs.

Everything is told through the product's own services, with `now` as an argument. The catalogue,
the questionnaire, the visit types, the mails and the triage rules are the shipped defaults.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aftercare.services import seeding as aftercare
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.calendar import add_days, add_months
from patients import services as patients
from patients.models import Patient
from scheduling import services as scheduling
from scheduling.models import Appointment, Room, VisitType
from scheduling.services import Booking, CourseBooking, CourseVisit, StatusChange
from tests import personas
from tests.factories.patients import actor_for, screened, seeded
from tests.factories.scheduling import hours
from tests.factories.treatments import consent
from treatments import services as treatments
from treatments.models import (
    Indication,
    Lot,
    Product,
    SessionRecord,
    TreatmentPlan,
)
from treatments.services import Delivery, Draft, DraftRow, Line, PlanDraft

# A Tuesday morning, ten o'clock in Rennes; the clocks change on the 29th.
TUESDAY = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
THURSDAY = dt.date(2026, 3, 12)
STEPS = ("consultation", "cleansed", "injections", "massage", "soothing", "aftercare")


@dataclass(frozen=True)
class Practice:
    """A clinic with somebody of every role, open Monday to Friday from 9 to 17."""

    clinic: Clinic
    desk: Membership
    doctor: Membership
    manager: Membership

    def at(self, day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
        """A time on the clinic's clock as an instant."""
        return dt.datetime.combine(day, dt.time(hour, minute), self.clinic.zone).astimezone(dt.UTC)

    @property
    def session_type(self) -> VisitType:
        """The visit type of a session."""
        return VisitType.objects.get(clinic=self.clinic, key="session")

    @property
    def hyaluron(self) -> Lot:
        """The lot of hyaluronic acid on the shelf."""
        return Lot.objects.get(clinic=self.clinic, number="HA-2201")


def practice(base_url: str, now: dt.datetime = TUESDAY, clinic: Clinic | None = None) -> Practice:
    """The Clinique des Lices with its shipped defaults, three rooms and two lots."""
    here = clinic or personas.lices()
    here.base_url = base_url
    here.sender_name = here.name
    here.save()
    staff = Practice(here, personas.noor(here), personas.ayla(here), personas.zita(here))
    seeded(here)
    treatments.seed_clinic(here)
    scheduling.seed_clinic(here)
    aftercare.seed_clinic(here)
    hours(staff.doctor)
    Room.objects.create(clinic=here, name="Room 1", order=1)
    Room.objects.create(clinic=here, name="Room 2", order=2)
    Room.objects.create(clinic=here, name="Office", order=3, kind=Room.Kind.CONSULTATION)
    for number, key in (("HA-2201", "hyaluronic_acid"), ("VC-1107", "vitamin_c")):
        _receive(staff, number, key, now)
    return staff


def _receive(at: Practice, number: str, key: str, now: dt.datetime) -> None:
    product = Product.objects.filter(clinic=at.clinic, ingredient__key=key).first()
    assert product is not None, f"the shipped catalogue has no product with {key}"
    until = add_months(at.clinic.today(now), 14)
    treatments.receive_lot(
        product=product, delivery=Delivery(number, until, Decimal(60)),
        actor=actor_for(at.doctor), now=now,
    )  # fmt: skip


def ines(at: Practice, now: dt.datetime = TUESDAY, **changes: Any) -> Patient:
    """Inês Carvalho, registered at the desk."""
    fields: dict[str, Any] = {
        "name": "Inês Carvalho", "birth_date": dt.date(1984, 5, 17), "sex": "female",
        "email": "ines@example.org", "phone": "+33 6 39 98 12 34", "language": "en",
    }  # fmt: skip
    data = patients.PatientData(**{**fields, **changes})
    return patients.register_patient(
        actor=actor_for(at.desk), clinic=at.clinic, data=data, now=now, accept_duplicate=True
    )


def cleared(at: Practice, who: Patient, now: dt.datetime = TUESDAY) -> Patient:
    """A screening at the desk that nothing speaks against."""
    result = screened(who, actor_for(at.desk), now)
    assert result.outcome == "cleared", result.findings
    return who


def agreed(at: Practice, who: Patient, now: dt.datetime = TUESDAY) -> TreatmentPlan:
    """An active plan with signed consent: skin hydration of the face by the first protocol."""
    indication = Indication.objects.get(clinic=at.clinic, key="hydration")
    draft = PlanDraft(
        practitioner_id=at.doctor.staff_id,
        indication_id=indication.pk,
        protocol_id=indication.protocols.all()[0].pk,
        technique_ids=frozenset({indication.techniques.all()[0].pk}),
        area_ids=frozenset({indication.areas.get(key="face").pk}),
        lines=(Line(at.hyaluron.product.ingredient_id, at.hyaluron.product.ingredient.usual_dose),),
        start_on=at.clinic.today(now),
        goals="Softer skin before the wedding",
    )
    actor = actor_for(at.doctor)
    plan = treatments.create_plan(patient=who, draft=draft, actor=actor, now=now)
    consent(plan, at.doctor, now=now)
    treatments.activate_plan(plan=plan, actor=actor, now=now)
    plan.refresh_from_db()
    return plan


def booked(
    at: Practice, plan: TreatmentPlan, first: dt.datetime, now: dt.datetime = TUESDAY, most: int = 4
) -> list[Appointment]:
    """The first sessions of the course, each on its ideal day at the same hour (weekdays only)."""
    visits: list[CourseVisit] = []
    local = at.clinic.local(first)
    day = local.date()
    for session in plan.sessions.order_by("number")[:most]:
        if visits and session.gap_ideal is not None:
            step = add_months if session.gap_unit == "months" else add_days
            day = step(day, session.gap_ideal)
        while day.weekday() > 4:
            day = add_days(day, 1)
        start = at.at(day, local.hour, local.minute)
        visits.append(CourseVisit(session.pk, at.doctor.staff_id, start))
    course = CourseBooking(plan_id=plan.pk, visit_type_id=at.session_type.pk, visits=tuple(visits))
    return scheduling.book_course(
        clinic=at.clinic, actor=actor_for(at.desk), now=now, course=course
    )


def consultation(at: Practice, who: Patient, start: dt.datetime, now: dt.datetime) -> Appointment:
    """A first talk."""
    kind = VisitType.objects.get(clinic=at.clinic, key="consultation")
    booking = Booking(
        patient_id=who.pk, visit_type_id=kind.pk, practitioner_id=at.doctor.staff_id, start=start
    )
    return scheduling.book_appointment(
        clinic=at.clinic, actor=actor_for(at.desk), now=now, booking=booking
    )


def held_session(at: Practice, visit: Appointment, now: dt.datetime) -> SessionRecord:
    """Checked in, screening re-confirmed, recorded and signed."""
    scheduling.change_status(
        clinic=at.clinic, actor=actor_for(at.desk), now=now,
        change=StatusChange(appointment_id=visit.pk, target="arrived"),
    )  # fmt: skip
    actor = actor_for(at.doctor)
    patients.confirm_unchanged(actor=actor, patient=visit.patient, now=now)
    session = visit.planned_session
    assert session is not None
    record = treatments.start_session(planned_session=session, actor=actor, now=now)
    plan = session.plan
    rows = tuple(
        DraftRow(
            str(item.ingredient_id), str(item.dose), str(at.hyaluron.pk),
            str(plan.areas.all()[0].pk), str(plan.techniques.all()[0].pk),
        )
        for item in record.cocktail.items.all()
    )  # fmt: skip
    draft = Draft(rows=rows, checklist=dict.fromkeys(STEPS, True))
    record = treatments.save_draft(record=record, draft=draft, actor=actor, now=now)
    later = now + dt.timedelta(minutes=30)
    return treatments.sign_session(record=record, actor=actor, now=later)
