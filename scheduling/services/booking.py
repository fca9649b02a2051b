"""Booking: one visit, or a whole course, all or nothing.

Read, pick a room, lock everybody who takes part (`locking`), read again, then insert. What the
first read offered is worth nothing by itself; what the second one finds is final.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import local_date
from mesoclinic.statements import Insertion
from scheduling import signals
from scheduling.domain.status import Status
from scheduling.exceptions import (
    NothingFree,
    NothingToBook,
    SessionBooked,
    SlotTaken,
)
from scheduling.models import Appointment, AppointmentStatusChange
from scheduling.selectors.calendars import range_of
from scheduling.selectors.conflicts import clashes
from scheduling.selectors.slots import next_free
from scheduling.services import checks, courses, locking, rooms
from scheduling.services.drafts import Draft, Terms, visit_id
from scheduling.services.lapsing import let_lapse
from scheduling.services.requests import Booking, CourseBooking
from scheduling.services.rooms import ATTEMPTS

_VISITS, _CHANGES = Insertion(Appointment), Insertion(AppointmentStatusChange)

_PARTY_OF = {
    "appointment_practitioner_once": "practitioner",
    "appointment_room_once": "room",
    "appointment_device_once": "device",
    "appointment_patient_once": "patient",
}


class _Repeated(Exception):
    """The same request has been carried out already."""


def book_appointment(
    *, clinic: Clinic, actor: Actor, now: datetime, booking: Booking
) -> Appointment:
    """Book one visit and announce it (`appointments_booked`).

    Harmless when repeated with the same `key` and content: the same visit comes back. Raises
    SlotTaken (with the next free times), NothingFree, OutsideHours, LicenceExpired, InThePast,
    NotBookable, ScreeningBlocked, OutsideProtocolWindow, SessionBooked, and what the patients
    room says of unknown or closed records.
    """
    terms = Terms(
        clinic, actor, now, booking.exceptions, booking.key, booking.hold_until, booking.note
    )
    checks.check_exceptions(booking.exceptions, actor)
    checks.check_not_past(booking.start, now)

    def drafts() -> list[Draft]:
        return [_draft_one(terms, booking)]

    (booked,) = _book(terms, drafts)
    return booked


def book_course(
    *, clinic: Clinic, actor: Actor, now: datetime, course: CourseBooking
) -> list[Appointment]:
    """Book every visit of a course in one transaction, or none; announced once.

    Raises what `book_appointment` does (the message names the time that is taken), PlanNotBookable
    and NothingToBook.
    """
    terms = Terms(clinic, actor, now, course.exceptions, course.key, course.hold_until)
    checks.check_exceptions(course.exceptions, actor)
    if not course.visits:
        raise NothingToBook
    for visit in course.visits:
        checks.check_not_past(visit.start, now)

    def drafts() -> list[Draft]:
        return _draft_course(terms, course)

    return _book(terms, drafts)


def _book(terms: Terms, draft: Callable[[], list[Draft]]) -> list[Appointment]:
    """Try with other rooms while picked ones are taken; turn database refusals into words."""
    for _attempt in range(ATTEMPTS):
        made: list[Draft] = []
        try:
            with audited(terms.actor, reason=terms.exceptions.reason):
                made += draft()
                return _insert(terms, rooms.with_rooms(terms, made))
        except rooms.PickTaken:
            continue
        except _Repeated:
            return _same_again(made)
        except NothingFree:
            return _without_room(terms, made)
        except SlotTaken as taken:
            raise _offering(terms, made, taken) from None
        except IntegrityError as error:
            if _constraint(error) == "scheduling_appointment_pkey":
                return _after_same_id(terms, made, draft)
            raise refusal(terms, made, error) from error
    raise NothingFree(field="room")


def _insert(terms: Terms, drafts: list[Draft]) -> list[Appointment]:
    """Lock, look again, ask the gate, insert, announce."""
    wanted = [draft.wanted for draft in drafts]
    locking.lock_parties(locking.Parties.of(wanted))
    found = clashes(wanted, terms.now)
    own = {draft.id for draft in drafts}
    if any(clash.appointment_id in own for clash in found):
        raise _Repeated
    let_lapse(terms, [clash.appointment_id for clash in found if clash.lapsed])
    rooms.check_clashes(terms, drafts, [clash for clash in found if not clash.lapsed])
    off_protocol = courses.judge(terms, drafts)
    appointments = [_row(terms, draft, off_protocol) for draft in drafts]
    save(appointments)
    _CHANGES.write([_first_change(terms, appointment) for appointment in appointments])
    if terms.hold_until is None:
        # A held visit is nobody's yet: it is announced once it is accepted.
        signals.appointments_booked.send(
            sender=Appointment, clinic=terms.clinic, actor=terms.actor, now=terms.now,
            appointments=appointments,
        )  # fmt: skip
    return appointments


def save(appointments: list[Appointment]) -> None:
    """The insert itself, apart so that a test can make the gap before it wide."""
    _VISITS.write(appointments)


def _row(terms: Terms, draft: Draft, off_protocol: frozenset[UUID]) -> Appointment:
    session = draft.session
    row = Appointment(
        id=draft.id,
        clinic=terms.clinic,
        patient=draft.patient,
        practitioner=draft.member.staff,
        room_id=draft.room_id,
        device_id=draft.device_id,
        visit_type=draft.kind,
        planned_session=session,
        plan_id=session.plan_id if session else None,
        during=range_of(draft.timing.during),
        occupies=range_of(draft.timing.occupies),
        status=Status.PENDING.value if terms.hold_until else Status.BOOKED.value,
        held_until=terms.hold_until,
        off_protocol=session is not None and session.pk in off_protocol,
        note=terms.note.strip(),
        created_at=terms.now,
    )
    if session is not None:
        row.plan = session.plan
    return row


def _first_change(terms: Terms, appointment: Appointment) -> AppointmentStatusChange:
    return AppointmentStatusChange(
        clinic_id=appointment.clinic_id,
        patient_id=appointment.patient_id,
        appointment_id=appointment.pk,
        from_status="",
        to_status=appointment.status,
        at=terms.now,
        by_label=terms.actor.label[:200],
        reason=terms.exceptions.reason[:300],
        created_at=terms.now,
    )


# --- Drafts --------------------------------------------------------------------------------


def _draft_one(terms: Terms, booking: Booking) -> Draft:
    clinic = terms.clinic
    kind = checks.bookable_type(clinic, booking.visit_type_id)
    patient = checks.bookable_patient(clinic, booking.patient_id)
    member = checks.bookable_practitioners(clinic, [booking.practitioner_id])[
        booking.practitioner_id
    ]
    timing = checks.Timing.of(kind, booking.start)
    checks.check_licence(kind, member, local_date(booking.start, clinic.zone))
    if not terms.exceptions.hours:
        checks.check_hours(
            clinic, terms.hours_of([member.staff_id]), [(member.staff_id, timing.during)]
        )
    session = None
    if booking.planned_session_id is not None:
        session = courses.open_session(clinic, patient, booking.planned_session_id)
    content = (patient.pk, member.staff_id, kind.pk, timing.during.start)
    return Draft(
        id=visit_id(terms, *content),
        patient=patient,
        kind=kind,
        member=member,
        timing=timing,
        room_id=booking.room_id,
        device_id=booking.device_id,
        session=session,
        fixed_room=booking.room_id is not None,
    )


def _draft_course(terms: Terms, course: CourseBooking) -> list[Draft]:
    clinic = terms.clinic
    plan = courses.bookable_plan(clinic, course.plan_id)
    kind = checks.bookable_type(clinic, course.visit_type_id)
    patient = checks.bookable_patient(clinic, plan.patient_id)
    members = checks.bookable_practitioners(clinic, [v.practitioner_id for v in course.visits])
    sessions = courses.open_sessions(plan)
    drafts = []
    for visit in sorted(course.visits, key=lambda one: one.start):
        if visit.planned_session_id not in sessions:
            raise SessionBooked
        timing = checks.Timing.of(kind, visit.start)
        member = members[visit.practitioner_id]
        checks.check_licence(kind, member, local_date(visit.start, clinic.zone))
        content = (visit.planned_session_id, visit.practitioner_id, kind.pk, visit.start)
        drafts.append(
            Draft(
                id=visit_id(terms, *content),
                patient=patient,
                kind=kind,
                member=member,
                timing=timing,
                room_id=visit.room_id,
                device_id=None,
                session=sessions[visit.planned_session_id],
            )
        )
    if not terms.exceptions.hours:
        checks.check_hours(
            clinic,
            terms.hours_of(members),
            [(one.member.staff_id, one.timing.during) for one in drafts],
        )
    return drafts


# --- Repetitions and refusals --------------------------------------------------------------


def _same_again(drafts: Sequence[Draft]) -> list[Appointment]:
    rows = Appointment.objects.filter(pk__in=[draft.id for draft in drafts])
    return sorted(rows.select_related("patient", "visit_type"), key=lambda row: row.during.lower)


def _without_room(terms: Terms, drafts: Sequence[Draft]) -> list[Appointment]:
    """No room is free. Who sent the same twice gets their visit; else it is said who is busy."""
    found = clashes([draft.wanted for draft in drafts], terms.now)
    if {clash.appointment_id for clash in found} & {draft.id for draft in drafts}:
        return _same_again(drafts)
    try:
        rooms.name_the_busy(terms, drafts, found)
    except SlotTaken as taken:
        raise _offering(terms, drafts, taken) from None
    raise NothingFree(field="room")


def _after_same_id(
    terms: Terms, drafts: Sequence[Draft], draft: Callable[[], list[Draft]]
) -> list[Appointment]:
    """The id exists but its time is free: the visit was moved (it stands) or ended (book anew)."""
    rows = _same_again(drafts)
    if any(row.status in {Status.CANCELLED, Status.NO_SHOW} for row in rows):
        terms.forget_key()
        return _book(terms, draft)
    return rows


def _constraint(error: IntegrityError) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def refusal(terms: Terms, drafts: Sequence[Draft], error: IntegrityError) -> Exception:
    """What the database refused, in words; an error that has no words comes back as it is."""
    name = _constraint(error)
    if name in _PARTY_OF:
        return _offering(terms, drafts, SlotTaken([_PARTY_OF[name]]))
    if name == "appointment_one_per_session":
        return SessionBooked()
    return error


def _offering(terms: Terms, drafts: Sequence[Draft], taken: SlotTaken) -> SlotTaken:
    """The refusal with the next free times of the same practitioner; a course has none to offer."""
    if len(drafts) != 1:
        return taken
    (draft,) = drafts
    offers = next_free(
        terms.clinic, draft.kind, [draft.member.staff_id],
        after=draft.timing.during.start, now=terms.now, patient_id=draft.patient.pk,
    )  # fmt: skip
    return SlotTaken(taken.parties, [slot.start for slot in offers[:3]], taken.when)
