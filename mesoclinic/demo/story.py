"""What happened to each patient, told through the product's own services with `now` in the past."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from mesoclinic.audit.actors import Actor
from mesoclinic.common.calendar import add_days, add_months, to_utc
from mesoclinic.common.errors import DomainError
from mesoclinic.demo.people import Face
from mesoclinic.demo.setting import Stage
from patients import services as patients
from patients.models import Patient, Questionnaire, Screening
from patients.services import (
    AllergyData,
    ConditionData,
    DecisionData,
    FactData,
    MedicineData,
    PatientData,
)
from scheduling import services as scheduling
from scheduling.models import Appointment, TimeOff, VisitType
from scheduling.services import Booking, CourseBooking, CourseVisit, StatusChange
from treatments import services as treatments
from treatments.models import (
    Indication,
    Lot,
    PlannedSession,
    Protocol,
    SessionRecord,
    TreatmentPlan,
)
from treatments.services import Draft, DraftRow, Line, PlanDraft, Signature

STEP = dt.timedelta(minutes=15)
# The room for talks, in the diary beside the practitioners.
OFFICE = UUID(int=0)
# How far back the stories reach, in days.
_PAST = 84
CHECKLIST = ("consultation", "cleansed", "injections", "massage", "soothing", "aftercare")
_ALLERGIES = ("Fish", "Egg white", "Soya", "Bee venom", "Latex", "Penicillin", "Peanuts")
_MEDICINES = ("Warfarin", "Xarelto", "Ibuprofen 400 mg", "Levothyroxine", "Metformin", "Bisoprolol")
_CONDITIONS = ("Asthma", "Hypothyroidism", "Atopic dermatitis", "Migraine", "Type 2 diabetes")
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


@dataclass
class Diary:
    """Where visits can still go: what each practitioner and the day of each clinic hold."""

    taken: dict[UUID, list[tuple[dt.datetime, dt.datetime]]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    def is_free(self, practitioner: UUID, start: dt.datetime, end: dt.datetime) -> bool:
        """Whether nothing of this practitioner overlaps."""
        return all(end <= a or b <= start for a, b in self.taken.get(practitioner, []))

    def take(self, practitioner: UUID, start: dt.datetime, end: dt.datetime) -> None:
        """Write a visit down."""
        self.taken.setdefault(practitioner, []).append((start, end))


@dataclass
class Teller:
    """Tells the stories of one clinic; the same seed tells the same ones."""

    stage: Stage
    now: dt.datetime
    rng: random.Random
    diary: Diary = field(default_factory=Diary)

    def __post_init__(self) -> None:
        self.clinic = self.stage.clinic
        self.today = self.clinic.today(self.now)
        rows = TimeOff.objects.for_clinic(self.clinic).filter(room=None, device=None)
        self.away = [(off.practitioner_id, off.during.lower, off.during.upper) for off in rows]
        kinds = VisitType.objects.for_clinic(self.clinic)
        self.session_type = kinds.filter(kind=VisitType.Kind.SESSION).order_by("duration_min")[0]
        self.consultation = kinds.filter(kind=VisitType.Kind.CONSULTATION)[0]
        self.indications = [
            one
            for one in Indication.objects.for_clinic(self.clinic).prefetch_related(
                "protocols__phases", "areas", "techniques", "ingredients"
            )
            if one.protocols.all() and one.areas.all() and one.techniques.all()
        ]
        spec = Questionnaire.objects.for_clinic(self.clinic).get(status="published")
        self.questions = patients.questionnaire_spec(spec).questions

    def tell(self, number: int, face: Face) -> None:
        """One patient, from the front door to today."""
        plans = number % 20 not in {0, 1, 2, 3, 4}
        indication = self.rng.choice(self.indications)
        protocol = self.rng.choice([p for p in indication.protocols.all() if p.phases.all()])
        start = self._start(number, protocol)
        arrived = self._at(start - dt.timedelta(days=self.rng.randrange(6, 20)), 10)
        arrived = min(arrived, self.now - dt.timedelta(days=2))
        patient = self._register(face, arrived)
        self._record(patient, arrived)
        if number % 20 == 0:
            return
        if number % 20 == 1:
            self._invite(patient)
            return
        self._screen(patient, arrived + dt.timedelta(minutes=20), review=number % 20 in {2, 3})
        if plans:
            choice = Choice(indication, protocol, start, arrived + dt.timedelta(minutes=40))
            self._course(patient, number, choice)
        else:
            self._consultation(patient)

    # --- at the desk ---------------------------------------------------------------------------

    def _register(self, face: Face, when: dt.datetime) -> Patient:
        weekdays = tuple(sorted(self.rng.sample(range(7), 2))) if self.rng.random() < 0.4 else ()
        data = PatientData(
            name=face.name,
            family_name=face.family_name,
            birth_date=face.birth_date,
            sex=face.sex,
            email=face.email,
            phone=face.phone,
            country=face.country,
            language=face.language,
            preferred_weekdays=weekdays,
        )
        self.diary.done["patients"] += 1
        return patients.register_patient(
            actor=self.stage.desk, clinic=self.clinic, data=data, now=when, accept_duplicate=True
        )

    def _record(self, patient: Patient, when: dt.datetime) -> None:
        actor = self._somebody()
        facts: list[FactData] = []
        if self.rng.random() < 0.18:
            facts.append(AllergyData(text=self.rng.choice(_ALLERGIES), severity="moderate"))
        if self.rng.random() < 0.22:
            facts.append(MedicineData(text=self.rng.choice(_MEDICINES)))
        if self.rng.random() < 0.22:
            facts.append(ConditionData(text=self.rng.choice(_CONDITIONS)))
        for fact in facts:
            patients.add_fact(actor=actor, patient=patient, data=fact, now=when)

    def _invite(self, patient: Patient) -> None:
        if patient.email:
            when = self.now - dt.timedelta(days=1, hours=self.rng.randrange(5))
            patients.invite_to_screening(actor=self.stage.desk, patient=patient, now=when)

    def _screen(self, patient: Patient, when: dt.datetime, *, review: bool) -> None:
        screening = patients.start_screening(
            actor=self.stage.desk, patient=patient, channel=Screening.Channel.DESK, now=when
        )
        answers = self._answers(patient)
        if review:
            answers |= {"keloid": "yes"}
        patients.save_answers(actor=self.stage.desk, screening=screening, answers=answers, now=when)
        result = patients.submit_screening(
            actor=self.stage.desk, screening=screening, now=when, signed_name=patient.name
        )
        self.diary.done[f"screenings {result.outcome}"] += 1
        if result.outcome == "review" and not review:
            decision = DecisionData(
                decision="treat", reason="Discussed with the patient; no objection."
            )
            patients.decide_screening(
                actor=self._somebody(), result=result, data=decision, now=when + STEP
            )

    def _answers(self, patient: Patient) -> dict[str, object]:
        """Healthy answers to every required question."""
        answers: dict[str, object] = {}
        for key, question in self.questions.items():
            if not question.required or question.show_if is not None:
                continue
            options = [option.key for option in question.options]
            calm = ("not_applicable", "never", "no", "none")
            if patient.sex == "female":
                calm = ("no", "never", "none")
            value = next((one for one in calm if one in options), "no")
            answers[key] = [value] if question.kind.value == "many_of" else value
        return answers

    # --- the course ----------------------------------------------------------------------------

    def _start(self, number: int, protocol: Protocol) -> dt.date:
        """When a course begins: a sixth of them so that a session falls on today."""
        if number % 6 == 1:
            ago = [days for days in _ideal_days(protocol) if days <= _PAST]
            return self.today - dt.timedelta(days=self.rng.choice(ago))
        first = -_PAST if number % 3 == 0 else -10
        return self.today + dt.timedelta(days=self.rng.randrange(first, 20))

    def _course(self, patient: Patient, number: int, choice: Choice) -> None:
        when = choice.when
        member = self.stage.practitioners[number % len(self.stage.practitioners)]
        actor = self.stage.actor(member.staff_id)
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
            self._live(visits, member.staff_id)
            if number % 20 == 6:
                self._stop(plan, visits, actor)
        except DomainError as error:
            self.diary.done[f"refused: {error.code}"] += 1

    def _plan(self, patient: Patient, staff: UUID, choice: Choice, actor: Actor) -> TreatmentPlan:
        indication, when = choice.indication, choice.when
        ingredients = [i for i in indication.ingredients.all() if not i.prescription_only]
        chosen = self.rng.sample(ingredients, min(len(ingredients), self.rng.randrange(2, 4)))
        draft = PlanDraft(
            practitioner_id=staff,
            indication_id=indication.pk,
            protocol_id=choice.protocol.pk,
            technique_ids=frozenset({indication.techniques.all()[0].pk}),
            area_ids=frozenset(a.pk for a in indication.areas.all()[:2]),
            lines=tuple(Line(one.pk, one.usual_dose) for one in chosen),
            start_on=max(choice.start, self.clinic.today(when)),
            goals=self.rng.choice(_GOALS),
        )
        plan = treatments.create_plan(patient=patient, draft=draft, actor=actor, now=when)
        self.diary.done["plans"] += 1
        return plan

    def _book(self, plan: TreatmentPlan, when: dt.datetime) -> list[Appointment]:
        """Ideal days, the nearest free time of the practitioner, at most half a year ahead."""
        sessions = list(plan.sessions.order_by("number"))
        staff = plan.practitioner_id
        day, visits = plan.start_on, []
        for session in sessions:
            if session.gap_ideal is not None:
                day = _after(visits[-1][1], session.gap_ideal, session.gap_unit)
            found = self._free(staff, day, session)
            if found is None or day > self.today + dt.timedelta(days=185):
                break
            self.diary.take(staff, *self._span(found))
            visits.append((CourseVisit(session.pk, staff, found), self.clinic.today(found)))
        if not visits:
            return []
        booked = scheduling.book_course(
            clinic=self.clinic,
            actor=self.stage.desk,
            now=min(when + STEP, visits[0][0].start - STEP),
            course=CourseBooking(
                plan_id=plan.pk,
                visit_type_id=self.session_type.pk,
                visits=tuple(visit for visit, _day in visits),
            ),
        )
        self.diary.done["visits"] += len(booked)
        return booked

    def _free(self, staff: UUID, day: dt.date, session: PlannedSession) -> dt.datetime | None:
        """A time on `day` or soon after, inside the session's window."""
        room = 0
        if session.gap_max is not None and session.gap_ideal is not None:
            unit = 30 if session.gap_unit == "months" else 1
            room = (session.gap_max - session.gap_ideal) * unit
        for later in range(min(room, 6) + 1 if session.gap_max else 6):
            for start in self._times(day + dt.timedelta(days=later)):
                if self._works(staff, start) and self.diary.is_free(staff, *self._span(start)):
                    return start
        return None

    def _works(self, staff: UUID, start: dt.datetime) -> bool:
        """Whether neither the practitioner nor the clinic is away."""
        begin, end = self._span(start)
        return not any(
            who in {None, staff} and begin < until and since < end
            for who, since, until in self.away
        )

    def _times(self, day: dt.date) -> Iterator[dt.datetime]:
        """Starts within everybody's hours, in a random order."""
        minutes = [*range(10 * 60, 12 * 60 + 1, 15), *range(14 * 60 + 30, 17 * 60 + 1, 15)]
        for minute in self.rng.sample(minutes, len(minutes)):
            local = dt.datetime.combine(day, dt.time(minute // 60, minute % 60))
            yield to_utc(local, self.clinic.zone)

    def _span(self, start: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        kind = self.session_type
        return (
            start - dt.timedelta(minutes=kind.buffer_before_min),
            start + dt.timedelta(minutes=kind.duration_min + kind.buffer_after_min),
        )

    # --- what came of it -----------------------------------------------------------------------

    def _live(self, visits: Sequence[Appointment], staff: UUID) -> None:
        for visit in visits:
            start, end = visit.during.lower, visit.during.upper
            if start > self.now + dt.timedelta(days=3):
                break
            if start > self.now:
                self._soon(visit)
            elif self.rng.random() < 0.03:
                self._change(visit, "no_show", start + dt.timedelta(minutes=20))
                self._drop(visits, start + dt.timedelta(hours=1))
                break
            else:
                self._hold(visit, staff, sign=end <= self.now)

    def _soon(self, visit: Appointment) -> None:
        if visit.during.lower - self.now < dt.timedelta(minutes=20):
            self._change(visit, "arrived", self.now)
        elif self.rng.random() < 0.6:
            self._change(visit, "confirmed", self.now - dt.timedelta(hours=2))

    def _hold(self, visit: Appointment, staff: UUID, *, sign: bool) -> None:
        """A session as it goes: check in, ask again, inject, sign."""
        start, actor = visit.during.lower, self.stage.actor(staff)
        self._change(visit, "arrived", start - dt.timedelta(minutes=4))
        patients.confirm_unchanged(actor=actor, patient=visit.patient, now=start)
        session = visit.planned_session
        if session is None:
            return
        record = treatments.start_session(
            planned_session=session, actor=actor, now=start, practitioner_id=staff
        )
        draft = Draft(
            rows=self._rows(record, start),
            checklist=dict.fromkeys(CHECKLIST, True) if sign else {"consultation": True},
            pain_score=self.rng.randrange(1, 5),
            with_pain_score=True,
        )
        record = treatments.save_draft(record=record, draft=draft, actor=actor, now=start)
        if sign:
            treatments.sign_session(record=record, actor=actor, now=visit.during.upper)
            self.diary.done["sessions signed"] += 1

    def _rows(self, record: SessionRecord, when: dt.datetime) -> tuple[DraftRow, ...]:
        plan = record.planned_session.plan
        area, technique = plan.areas.all()[0], plan.techniques.all()[0]
        rows = []
        for item in record.cocktail.items.all():
            lot = (
                Lot.objects.for_clinic(self.clinic)
                .filter(product__ingredient_id=item.ingredient_id, withdrawn_at__isnull=True)
                .filter(quantity__gt=item.dose, expires_on__gte=self.clinic.today(when))
                .order_by("expires_on")
                .first()
            )
            rows.append(
                DraftRow(
                    str(item.ingredient_id),
                    str(item.dose),
                    str(lot.pk) if lot else "",
                    str(area.pk),
                    str(technique.pk),
                )
            )
        return tuple(rows)

    def _drop(self, visits: Sequence[Appointment], when: dt.datetime) -> None:
        """After a missed visit the rest of the course is cancelled, to be planned anew."""
        for visit in visits:
            if visit.during.lower > when:
                scheduling.cancel_appointment(
                    clinic=self.clinic, actor=self.stage.desk, now=when,
                    appointment_id=visit.pk, reason="Did not come; to be planned anew",
                )  # fmt: skip

    def _stop(self, plan: TreatmentPlan, visits: Sequence[Appointment], actor: Actor) -> None:
        when = self.now - dt.timedelta(hours=6)
        self._drop(visits, when)
        plan.refresh_from_db()
        if plan.status == TreatmentPlan.Status.ACTIVE:
            treatments.stop_plan(plan=plan, reason="Moves to another town", actor=actor, now=when)

    def _consultation(self, patient: Patient) -> None:
        """A first talk in the coming days."""
        staff = self.rng.choice(self.stage.practitioners).staff_id
        for later in range(8):
            for start in self._times(self.today + dt.timedelta(days=later)):
                free = self._works(staff, start) and all(
                    self.diary.is_free(who, *self._span(start)) for who in (staff, OFFICE)
                )
                if start > self.now and free:
                    self.diary.take(staff, *self._span(start))
                    self.diary.take(OFFICE, *self._span(start))
                    self._try_booking(patient, staff, start)
                    return

    def _try_booking(self, patient: Patient, staff: UUID, start: dt.datetime) -> None:
        booking = Booking(
            patient_id=patient.pk, visit_type_id=self.consultation.pk, practitioner_id=staff,
            start=start,
        )  # fmt: skip
        try:
            scheduling.book_appointment(
                clinic=self.clinic, actor=self.stage.desk, booking=booking,
                now=self.now - dt.timedelta(days=1),
            )  # fmt: skip
        except DomainError as error:
            self.diary.done[f"refused: {error.code}"] += 1

    def become_contraindicated(self) -> None:
        """One patient with a visit today tells at the desk that she is breastfeeding."""
        visit = (
            Appointment.objects.for_clinic(self.clinic)
            .filter(status__in=["booked", "confirmed"], planned_session__isnull=False)
            .filter(during__startswith__gt=self.now, patient__sex="female")
            .select_related("patient")
            .order_by("during")
            .first()
        )
        if visit is not None:
            fact = ConditionData(text="Breastfeeding")
            when = self.now - dt.timedelta(minutes=30)
            patients.add_fact(actor=self._somebody(), patient=visit.patient, data=fact, now=when)

    def _change(self, visit: Appointment, target: str, when: dt.datetime) -> None:
        scheduling.change_status(
            clinic=self.clinic,
            actor=self.stage.desk,
            now=when,
            change=StatusChange(appointment_id=visit.pk, target=target),
        )

    def _somebody(self) -> Actor:
        return self.stage.actor(self.rng.choice(self.stage.practitioners).staff_id)

    def _at(self, day: dt.date, hour: int) -> dt.datetime:
        return to_utc(dt.datetime.combine(day, dt.time(hour)), self.clinic.zone)
