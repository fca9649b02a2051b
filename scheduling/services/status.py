"""From one status to the next, along the one table of `scheduling.domain.status`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import local_date
from patients.models import Patient
from scheduling import signals
from scheduling.domain.status import Status, allowed, retakes_slot
from scheduling.exceptions import (
    AppointmentNotFound,
    ChangedMeanwhile,
    ChangeNotAllowed,
    InThePast,
    ReasonMissing,
    SlotTaken,
    TooEarlyForThat,
)
from scheduling.models import Appointment, AppointmentStatusChange
from scheduling.selectors.calendars import interval_of
from scheduling.selectors.conflicts import Wanted, clashes
from scheduling.services import checks, courses, locking, rooms
from scheduling.services.drafts import Draft, Terms
from scheduling.services.requests import Exceptions

_MAX_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A change that somebody asks for. `exceptions` matter where a freed slot is taken again."""

    appointment_id: UUID
    target: Status | str
    reason: str = ""
    exceptions: Exceptions = Exceptions()  # noqa: RUF009 - frozen


def change_status(
    *, clinic: Clinic, actor: Actor, now: datetime, change: StatusChange
) -> Appointment:
    """Move a visit along the table of states: confirm, check in, start, no-show, undo, release.

    Already there → nothing happens (a double click). A freed slot is taken again only if it is
    still free, in another suitable room where the old one is taken; what goes back to booked from
    on hold, cancelled or pending asks the gate again. Raises AppointmentNotFound, ChangeNotAllowed, TooEarlyForThat, SlotTaken, ScreeningBlocked…
    """
    target = Status(change.target)
    if target is Status.CANCELLED:
        return cancel_appointment(
            clinic=clinic, actor=actor, now=now,
            appointment_id=change.appointment_id, reason=change.reason,
        )  # fmt: skip
    terms = Terms(clinic, actor, now, change.exceptions)
    for _attempt in range(rooms.ATTEMPTS):
        try:
            with audited(actor, reason=change.reason):
                return _change(terms, change, target)
        except rooms.PickTaken:
            continue
    raise SlotTaken(["room"])


def _change(terms: Terms, change: StatusChange, target: Status) -> Appointment:
    clinic, actor, now = terms.clinic, terms.actor, terms.now
    place = _place_again(terms, change.appointment_id)
    appointment = _locked(clinic, change.appointment_id, retake=True, place=place)
    if appointment.status == target:
        return appointment
    _check(clinic, appointment, target, actor, now)
    if retakes_slot(appointment.status, target):
        if place is None:
            raise ChangedMeanwhile
        _take_again(terms, appointment, place)
    if target is Status.BOOKED and appointment.status in _ASKS_AGAIN:
        _ask_again(terms, appointment)
    before = _apply(appointment, target)
    note_change(appointment, before, actor=actor, now=now, reason=change.reason)
    _announce(clinic, actor, now, appointment, before)
    if target is Status.BOOKED and before in _UNKNOWN_TO_PATIENT:
        _announce_booked(clinic, actor, now, [appointment])
    return appointment


def accept_holds(
    *, clinic: Clinic, actor: Actor, now: datetime, plan_id: UUID
) -> list[Appointment]:
    """Book every held visit of a plan, all or none, announced once. Raises what booking raises."""
    with audited(actor):
        ids = list(
            Appointment.objects.for_clinic(clinic)
            .filter(plan_id=plan_id, status=Status.PENDING.value)
            .order_by("during")
            .values_list("pk", flat=True)
        )
        accepted = [_accept(Terms(clinic, actor, now, Exceptions()), pk) for pk in ids]
        _announce_booked(clinic, actor, now, accepted)
    return accepted


def _accept(terms: Terms, pk: UUID) -> Appointment:
    appointment = _locked(terms.clinic, pk, retake=True)
    _ask_again(terms, appointment)
    before = _apply(appointment, Status.BOOKED)
    note_change(appointment, before, actor=terms.actor, now=terms.now)
    _announce(terms.clinic, terms.actor, terms.now, appointment, before)
    return appointment


def cancel_appointment(
    *, clinic: Clinic, actor: Actor, now: datetime, appointment_id: UUID, reason: str
) -> Appointment:
    """Cancel one visit and announce it (`appointments_cancelled`); its time is free at once.

    The other visits of a course stay. Cancelling twice is harmless. Raises AppointmentNotFound,
    ReasonMissing, ChangeNotAllowed.
    """
    if not reason.strip():
        raise ReasonMissing
    with audited(actor, reason=reason.strip()):
        appointment = _locked(clinic, appointment_id)
        if appointment.status == Status.CANCELLED:
            return appointment
        if not allowed(appointment.status, Status.CANCELLED):
            raise ChangeNotAllowed
        before = _apply(appointment, Status.CANCELLED)
        note_change(appointment, before, actor=actor, now=now, reason=reason)
        if before == Status.PENDING:
            _announce(clinic, actor, now, appointment, before)
        else:
            signals.appointments_cancelled.send(
                sender=Appointment, clinic=clinic, actor=actor, now=now,
                appointments=[appointment], reason=reason.strip(),
            )  # fmt: skip
    return appointment


def confirm_appointment(
    *, clinic: Clinic, actor: Actor, now: datetime, appointment_id: UUID
) -> Appointment:
    """The patient says that they will come. Raises ChangeNotAllowed once it can't be confirmed."""
    return change_status(
        clinic=clinic, actor=actor, now=now,
        change=StatusChange(appointment_id=appointment_id, target=Status.CONFIRMED),
    )  # fmt: skip


def hold_visits(
    *, clinic: Clinic, actor: Actor, now: datetime, patient: Patient, reason: str
) -> list[Appointment]:
    """Put the future sessions of a patient on hold: kept, not deleted.

    Sessions are visits for injections; a consultation stays, for that is where it is talked over.
    The patient's row is locked first: a booking under way is either seen here or sees the finding.
    """
    with audited(actor):
        locking.lock_parties(locking.Parties(patients=frozenset({patient.pk})))
        ids = (
            Appointment.objects.for_clinic(clinic)
            .filter(patient=patient, during__startswith__gt=now)
            .filter(status__in=[Status.BOOKED.value, Status.CONFIRMED.value])
            .filter(visit_type__needs_licence=True)
            .values_list("pk", flat=True)
        )
        held = locking.lock_visits(ids)
        for appointment in held:
            before = _apply(appointment, Status.ON_HOLD)
            note_change(appointment, before, actor=actor, now=now, reason=reason)
            _announce(clinic, actor, now, appointment, before)
    return held


def follow_session(
    *, clinic: Clinic, actor: Actor, now: datetime, planned_session_id: UUID, target: Status
) -> Appointment | None:
    """Bring the visit of a session to in session or done, through the states in between.

    None where the session has no visit (somebody treated without one). A visit on hold or
    cancelled is left alone: the record of the session stands for itself.
    """
    with audited(actor):
        ids = Appointment.objects.for_clinic(clinic).filter(
            planned_session_id=planned_session_id, status__in=_ON_THE_WAY
        )
        rows = locking.lock_visits(ids.values_list("pk", flat=True))
        if not rows:
            return None
        appointment = rows[0]
        for step in _STEPS[: _STEPS.index(target) + 1]:
            if _is_ahead(appointment.status, step):
                before = _apply(appointment, step)
                note_change(appointment, before, actor=actor, now=now)
                _announce(clinic, actor, now, appointment, before)
    return appointment


_STEPS = [Status.ARRIVED, Status.IN_SESSION, Status.DONE]


def _is_ahead(status: str, step: Status) -> bool:
    return status not in _STEPS or _STEPS.index(Status(status)) < _STEPS.index(step)


_ON_THE_WAY = [
    Status.BOOKED.value, Status.CONFIRMED.value, Status.ARRIVED.value, Status.IN_SESSION.value,
]  # fmt: skip
# The patient was never told of a hold, and was told that a cancelled visit does not take place.
_UNKNOWN_TO_PATIENT = frozenset({Status.PENDING.value, Status.CANCELLED.value})
_ASKS_AGAIN = frozenset(
    {Status.ON_HOLD.value, Status.CANCELLED.value, Status.PENDING.value, Status.NO_SHOW.value}
)


def note_change(
    appointment: Appointment, before: str, *, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """The row that says who, when and why."""
    AppointmentStatusChange.objects.create(
        clinic_id=appointment.clinic_id,
        patient_id=appointment.patient_id,
        appointment_id=appointment.pk,
        from_status=before,
        to_status=appointment.status,
        at=now,
        by_label=actor.label[:200],
        reason=reason.strip()[:_MAX_REASON],
        created_at=now,
    )


def parties_of(appointments: Sequence[Appointment]) -> locking.Parties:
    """Whose time the visits take now."""
    return locking.Parties.of([wanted_of(one) for one in appointments])


def wanted_of(appointment: Appointment) -> Wanted:
    """The time that a visit takes."""
    return Wanted(
        appointment.practitioner_id,
        appointment.room_id,
        appointment.device_id,
        appointment.patient_id,
        interval_of(appointment.during),
        interval_of(appointment.occupies),
    )


def _place_again(terms: Terms, pk: UUID) -> Draft | None:
    """Where a visit whose time was freed would stand; None for one that holds its time."""
    rows = Appointment.objects.for_clinic(terms.clinic).select_related("patient", "visit_type")
    seen = rows.filter(pk=pk, status__in=_FREED).first()
    return None if seen is None else rooms.back_again(terms, _as_draft(terms, seen))


_FREED = [Status.CANCELLED.value, Status.NO_SHOW.value]


def _locked(
    clinic: Clinic, pk: UUID, *, retake: bool = False, place: Draft | None = None
) -> Appointment:
    """The visit under lock; with `retake` its parties are locked before it where it is not theirs,
    those of the `place` it will take among them.
    """
    seen = Appointment.objects.for_clinic(clinic).filter(pk=pk).first()
    if seen is None:
        raise AppointmentNotFound
    if retake and seen.status in _ASKS_AGAIN:
        parties = parties_of([seen])
        if place is not None:
            parties |= locking.Parties.of([place.wanted])
        locking.lock_parties(parties)
    (row,) = locking.lock_visits([pk])
    if row.schedule_version != seen.schedule_version:
        raise ChangedMeanwhile
    row.clinic = clinic
    return row


def _check(
    clinic: Clinic, appointment: Appointment, target: Status, actor: Actor, now: datetime
) -> None:
    if not allowed(appointment.status, target):
        raise ChangeNotAllowed
    starts = appointment.during.lower
    if target is Status.ARRIVED and local_date(starts, clinic.zone) > clinic.today(now):
        raise TooEarlyForThat(_("Patients are checked in on the day of their visit."))
    if target is Status.NO_SHOW and starts > now:
        raise TooEarlyForThat(_("The visit has not begun yet: nobody has missed it."))
    if target is Status.DONE and appointment.planned_session_id is not None:
        raise ChangeNotAllowed(_("A session is done once its record is signed."))
    if target in _TREATS and not can(actor, Policy.CLINICAL) and actor.is_person:
        raise ChangeNotAllowed(_("The practitioner begins and ends the session."))


_TREATS = frozenset({Status.IN_SESSION, Status.DONE})


def _take_again(terms: Terms, appointment: Appointment, place: Draft) -> None:
    """Give the visit the room and device of its place. Raises SlotTaken, or PickTaken where the
    place went to somebody else meanwhile and another may do.
    """
    found = clashes([place.wanted], terms.now, [appointment.pk])
    if found and place.fixed_room:
        raise SlotTaken(found[0].parties)
    rooms.check_clashes(terms, [place], found)
    appointment.room_id, appointment.device_id = place.room_id, place.device_id


def _ask_again(terms: Terms, appointment: Appointment) -> None:
    """What a new booking would be asked: not in the past, and the gate does not stop it."""
    if appointment.status == Status.PENDING and (appointment.held_until or terms.now) <= terms.now:
        raise SlotTaken
    if appointment.status == Status.CANCELLED and appointment.during.lower <= terms.now:
        raise InThePast
    if appointment.status != Status.NO_SHOW:
        checks.check_exceptions(terms.exceptions, terms.actor)
        courses.judge(terms, [_as_draft(terms, appointment)], [appointment.pk])


def _as_draft(terms: Terms, appointment: Appointment) -> Draft:
    member = checks.bookable_practitioners(terms.clinic, [appointment.practitioner_id])
    return Draft(
        id=appointment.pk,
        patient=appointment.patient,
        kind=appointment.visit_type,
        member=member[appointment.practitioner_id],
        timing=checks.Timing(interval_of(appointment.during), interval_of(appointment.occupies)),
        room_id=appointment.room_id,
        device_id=appointment.device_id,
        session=appointment.planned_session,
    )


def _apply(appointment: Appointment, target: Status) -> str:
    """Write the new status; a visit that comes back from cancelled counts as newly timed."""
    before = appointment.status
    fields = ["status"]
    if retakes_slot(before, target):
        fields += ["room", "device"]
    if retakes_slot(before, target) and before == Status.CANCELLED:
        # One past the number that the file of the cancellation carries.
        appointment.schedule_version += 2
        fields.append("schedule_version")
    if before == Status.PENDING:
        appointment.held_until = None
        fields.append("held_until")
    appointment.status = target.value
    appointment.save(update_fields=fields)
    return before


def _announce(
    clinic: Clinic, actor: Actor, now: datetime, appointment: Appointment, before: str
) -> None:
    signals.appointment_status_changed.send(
        sender=Appointment, clinic=clinic, actor=actor, now=now,
        appointment=appointment, from_status=before, to_status=appointment.status,
    )  # fmt: skip


def _announce_booked(
    clinic: Clinic, actor: Actor, now: datetime, appointments: list[Appointment]
) -> None:
    """For the patient and their calendar this is a booking like any other."""
    if appointments:
        signals.appointments_booked.send(
            sender=Appointment, clinic=clinic, actor=actor, now=now, appointments=appointments
        )
