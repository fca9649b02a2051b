"""What happened to each patient, told through the product's own services with `now` in the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from mesoclinic.audit.actors import Actor
from mesoclinic.common.calendar import add_days, add_months
from mesoclinic.common.errors import DomainError
from mesoclinic.demo.chair import Chair
from mesoclinic.demo.desk import Desk
from mesoclinic.demo.diary import OFFICE, Diary
from mesoclinic.demo.people import Face
from mesoclinic.demo.scene import STEP, Scene
from patients import services as patients
from patients.models import Patient
from patients.services import ConditionData
from scheduling import services as scheduling
from scheduling.models import Appointment, VisitType
from scheduling.services import Booking, CourseBooking, CourseVisit, WaitlistWish
from treatments import services as treatments
from treatments.models import (
    Indication,
    Lot,
    PlannedSession,
    Protocol,
    SessionDose,
    TreatmentPlan,
)
from treatments.services import Delivery, Line, PlanDraft, Signature

# How far back the stories reach, in days.
_PAST = 84
_GOALS = (
    "I want to look less tired.",
    "My hair has become thin at the temples.",
    "The marks on my cheeks bother me.",
    "I would like firmer skin before the wedding.",
    "My knee hurts after running.",
    "",
)


@dataclass(frozen=True)
class Choice:
    """What a patient comes for, by which protocol, from which day, agreed when."""

    indication: Indication
    protocol: Protocol
    start: dt.date
    when: dt.datetime


def _after(day: dt.date, gap: int, unit: str) -> dt.date:
    return add_months(day, gap) if unit == "months" else add_days(day, gap)


def _ideal_days(protocol: Protocol) -> list[int]:
    """The ideal day of each session, counted from the first."""
    days = [0]
    for phase in protocol.phases.all():
        gap = phase.gap_ideal * (30 if phase.gap_unit == "months" else 1)
        first = phase.sessions_planned - (1 if len(days) == 1 else 0)
        days += [days[-1] + gap * step for step in range(1, first + 1)]
    return days


class Teller:
    """Tells the stories of one clinic."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        kinds = VisitType.objects.for_clinic(scene.clinic)
        self.session_type = kinds.filter(kind=VisitType.Kind.SESSION).order_by("duration_min")[0]
        self.consultation = kinds.filter(kind=VisitType.Kind.CONSULTATION)[0]
        self.indications = [
            one
            for one in Indication.objects.for_clinic(scene.clinic).prefetch_related(
                "protocols__phases", "areas", "techniques", "ingredients"
            )
            if one.protocols.all() and one.areas.all() and one.techniques.all()
        ]
        self.desk, self.chair = Desk(scene), Chair(scene)
        self.diary = Diary(scene, self.session_type)

    def tell(self, number: int, face: Face) -> None:
        """One patient, from the front door to today."""
        plans = number % 20 not in {0, 1, 2, 3, 4}
        indication = self.scene.rng.choice(self.indications)
        protocol = self.scene.rng.choice([p for p in indication.protocols.all() if p.phases.all()])
        start = self._start(number, protocol)
        arrived = self.scene.at(start - dt.timedelta(days=self.scene.rng.randrange(6, 20)), 10)
        arrived = min(arrived, self.scene.now - dt.timedelta(days=2))
        patient = self.desk.register(face, arrived)
        self.desk.record(patient, arrived)
        if number % 20 == 0:
            return
        if number % 20 == 1:
            self.desk.invite(patient)
            return
        self.desk.screen(patient, arrived + dt.timedelta(minutes=20), review=number % 20 in {2, 3})
        if plans:
            choice = Choice(indication, protocol, start, arrived + dt.timedelta(minutes=40))
            self._course(patient, number, choice)
        else:
            self._consultation(patient)

    def _start(self, number: int, protocol: Protocol) -> dt.date:
        """When a course begins: a sixth of them so that a session falls on today."""
        if number % 6 == 1:
            ago = [days for days in _ideal_days(protocol) if days <= _PAST]
            return self.scene.today - dt.timedelta(days=self.scene.rng.choice(ago))
        first = -_PAST if number % 3 == 0 else -10
        return self.scene.today + dt.timedelta(days=self.scene.rng.randrange(first, 20))

    def _course(self, patient: Patient, number: int, choice: Choice) -> None:
        when = choice.when
        member = self.scene.stage.practitioners[number % len(self.scene.stage.practitioners)]
        actor = self.scene.stage.actor(member.staff_id)
        try:
            plan = self._plan(patient, member.staff_id, choice, actor)
            if number % 20 == 5:
                return
            cocktail = plan.cocktails.latest()
            signature = Signature(
                treatments.text_digest(treatments.consent_text(cocktail)), patient.name
            )
            treatments.sign_consent(cocktail=cocktail, signature=signature, actor=actor, now=when)
            treatments.activate_plan(plan=plan, actor=actor, now=when)
            visits = self._book(plan, when)
            self.chair.live(visits, member.staff_id)
            if number % 20 == 6:
                self._stop(plan, visits, actor)
        except DomainError as error:
            self.scene.done[f"refused: {error.code}"] += 1

    def _plan(self, patient: Patient, staff: UUID, choice: Choice, actor: Actor) -> TreatmentPlan:
        indication, when = choice.indication, choice.when
        ingredients = [i for i in indication.ingredients.all() if not i.prescription_only]
        chosen = self.scene.rng.sample(
            ingredients, min(len(ingredients), self.scene.rng.randrange(2, 4))
        )
        draft = PlanDraft(
            practitioner_id=staff,
            indication_id=indication.pk,
            protocol_id=choice.protocol.pk,
            technique_ids=frozenset({indication.techniques.all()[0].pk}),
            area_ids=frozenset(a.pk for a in indication.areas.all()[:2]),
            lines=tuple(Line(one.pk, one.usual_dose) for one in chosen),
            start_on=max(choice.start, self.scene.clinic.today(when)),
            goals=self.scene.rng.choice(_GOALS),
        )
        plan = treatments.create_plan(patient=patient, draft=draft, actor=actor, now=when)
        self.scene.done["plans"] += 1
        return plan

    def _book(self, plan: TreatmentPlan, when: dt.datetime) -> list[Appointment]:
        """Ideal days, the nearest free time of the practitioner, at most half a year ahead."""
        sessions = list(plan.sessions.order_by("number"))
        staff = plan.practitioner_id
        day = plan.start_on
        visits: list[tuple[CourseVisit, dt.date]] = []
        for session in sessions:
            if session.gap_ideal is not None:
                day = _after(visits[-1][1], session.gap_ideal, session.gap_unit)
            found = self._free(staff, day, session)
            if found is None or day > self.scene.today + dt.timedelta(days=185):
                break
            self.diary.take([staff], found)
            visits.append((CourseVisit(session.pk, staff, found), self.scene.clinic.today(found)))
        if not visits:
            return []
        booked = scheduling.book_course(
            clinic=self.scene.clinic,
            actor=self.scene.desk,
            now=min(when + STEP, visits[0][0].start - STEP),
            course=CourseBooking(
                plan_id=plan.pk,
                visit_type_id=self.session_type.pk,
                visits=tuple(visit for visit, _day in visits),
            ),
        )
        self.scene.done["visits"] += len(booked)
        return booked

    def _free(self, staff: UUID, day: dt.date, session: PlannedSession) -> dt.datetime | None:
        """A time on `day` or soon after, inside the session's window."""
        room = 5
        if session.gap_max is not None and session.gap_ideal is not None:
            unit = 30 if session.gap_unit == "months" else 1
            room = min((session.gap_max - session.gap_ideal) * unit, 6)
        days = (day + dt.timedelta(days=later) for later in range(room + 1))
        return next(self.diary.free([staff], days), None)

    def _stop(self, plan: TreatmentPlan, visits: Sequence[Appointment], actor: Actor) -> None:
        when = self.scene.now - dt.timedelta(hours=6)
        self.chair.drop(visits, when)
        plan.refresh_from_db()
        if plan.status == TreatmentPlan.Status.ACTIVE:
            treatments.stop_plan(plan=plan, reason="Moves to another town", actor=actor, now=when)

    def _consultation(self, patient: Patient) -> None:
        """A first talk in the coming days."""
        staff = self.scene.rng.choice(self.scene.stage.practitioners).staff_id
        days = (self.scene.today + dt.timedelta(days=later) for later in range(8))
        for start in self.diary.free([staff, OFFICE], days):
            if start > self.scene.now:
                self.diary.take([staff, OFFICE], start)
                self._try_booking(patient, staff, start)
                return

    def _try_booking(self, patient: Patient, staff: UUID, start: dt.datetime) -> None:
        booking = Booking(
            patient_id=patient.pk, visit_type_id=self.consultation.pk, practitioner_id=staff,
            start=start,
        )  # fmt: skip
        try:
            scheduling.book_appointment(
                clinic=self.scene.clinic, actor=self.scene.desk, booking=booking,
                now=self.scene.now - dt.timedelta(days=1),
            )  # fmt: skip
        except DomainError as error:
            self.scene.done[f"refused: {error.code}"] += 1

    def become_contraindicated(self) -> None:
        """One patient with a visit today tells at the desk that she is breastfeeding."""
        visit = (
            Appointment.objects.for_clinic(self.scene.clinic)
            .filter(status__in=["booked", "confirmed"], planned_session__isnull=False)
            .filter(during__startswith__gt=self.scene.now, patient__sex="female")
            .select_related("patient")
            .order_by("during")
            .first()
        )
        if visit is not None:
            fact = ConditionData(text="Breastfeeding")
            when = self.scene.now - dt.timedelta(minutes=30)
            patients.add_fact(
                actor=self.scene.somebody(), patient=visit.patient, data=fact, now=when
            )

    def wait_for_times(self) -> None:
        """A few patients wait: some for a first talk, some for an earlier time than they have."""
        later = self.scene.now + dt.timedelta(days=6)
        visits = (
            Appointment.objects.for_clinic(self.scene.clinic)
            .filter(status="booked", during__startswith__gt=later)
            .order_by("during")[:40:8]
        )
        held = [one.patient_id for one in visits]
        talkers = Patient.objects.for_clinic(self.scene.clinic).exclude(pk__in=held)
        wishes = [
            WaitlistWish(
                patient_id=one.patient_id, visit_type_id=one.visit_type_id, appointment_id=one.pk
            )
            for one in visits
        ]
        wishes += [
            WaitlistWish(
                patient_id=one.pk, visit_type_id=self.consultation.pk, starts_from=dt.time(15),
                note="Works mornings",
            )
            for one in talkers.order_by("record_number")[:2]
        ]  # fmt: skip
        for number, wish in enumerate(wishes):
            when = self.scene.now - dt.timedelta(days=number + 1)
            scheduling.join_waitlist(
                clinic=self.scene.clinic, actor=self.scene.desk, now=when, wish=wish
            )

    def recall_a_lot(self) -> None:
        """The maker has recalled a lot that several patients got; half of them know by now."""
        doses = SessionDose.objects.for_clinic(self.scene.clinic).order_by()
        used = doses.values("lot").annotate(n=Count("patient", distinct=True)).filter(n__gte=3)
        found = used.order_by("n", "lot").values_list("lot", flat=True).first()
        if found is None:
            return
        lot = Lot.objects.select_related("product__clinic").get(pk=found)
        when = self.scene.now - dt.timedelta(hours=5)
        days = self.scene.today + dt.timedelta(days=400)
        fresh = Delivery(f"{lot.number}-2", days, lot.product.content * 200)
        actor = self.scene.somebody()
        treatments.receive_lot(product=lot.product, delivery=fresh, actor=actor, now=when)
        recall = treatments.begin_recall(
            lot=lot, reason="The maker found glass in a vial", actor=actor, now=when
        )
        for contact in recall.contacts.all()[: recall.contacts.count() // 2]:
            treatments.note_reached(
                contact=contact, how="phone", note="Is well", actor=actor, now=self.scene.now
            )
