"""A patient comes late, or a session runs over: the rest of the day follows, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError
from django.utils import formats
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.intervals import Interval
from scheduling import signals
from scheduling.domain.status import FINAL, Status
from scheduling.exceptions import ChangedMeanwhile, ChangeNotAllowed, InThePast, SlotTaken
from scheduling.models import Appointment, AppointmentMove
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.calendars import range_of
from scheduling.selectors.pushing import PUSHED, Pushed, effect_of_push, push_clashes, spell_of
from scheduling.selectors.undoing import TAKEN_BACK
from scheduling.services import lapsing, locking
from scheduling.services.drafts import Terms
from scheduling.services.requests import Exceptions
from scheduling.services.status import parties_of

_CAN_BE_LATE = {Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_SESSION}
_AT_MOST = timedelta(hours=3)
# Who is here already hears it at the desk.
_TOLD = {Status.BOOKED, Status.CONFIRMED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A visit that is late, or runs over, by some minutes."""

    appointment_id: UUID
    minutes: int


def push_visits(*, clinic: Clinic, actor: Actor, now: datetime, push: Push) -> list[Appointment]:
    """Move the visit's start (under way: its end) and push who comes after; the moved visits.

    Announced (`appointments_moved`) for those who are not here yet. Raises AppointmentNotFound,
    ChangeNotAllowed, InThePast for another day, ChangedMeanwhile, SlotTaken for what is not free
    (`in_the_way` says so before).
    """
    visit = get_appointment(clinic, push.appointment_id)
    if visit.status not in _CAN_BE_LATE or not 0 < push.minutes <= _AT_MOST.seconds // 60:
        raise ChangeNotAllowed
    if clinic.local(visit.during.lower).date() != clinic.today(now):
        raise InThePast(_("Only a visit of today is late, or runs over."))
    try:
        with audited(actor, reason=PUSHED):
            seen = effect_of_push(clinic, visit, push.minutes)
            locking.lock_parties(parties_of([one.appointment for one in seen]))
            rows = {row.pk: row for row in locking.lock_visits(one.appointment.pk for one in seen)}
            if any(
                rows[one.appointment.pk].schedule_version != one.appointment.schedule_version
                or rows[one.appointment.pk].status != one.appointment.status
                for one in seen
            ):
                raise ChangedMeanwhile
            _check_free(Terms(clinic, actor, now, Exceptions()), seen)
            moves = _write(actor, now, seen, PUSHED)
            _announce(clinic, actor, now, moves, undone=False)
    except IntegrityError as error:
        raise SlotTaken(["room"]) from error
    return [one.appointment for one in moves]


def take_push_back(
    *, clinic: Clinic, actor: Actor, now: datetime, moves: Sequence[AppointmentMove]
) -> list[Appointment]:
    """Everybody whom a push moved stands where they stood, all or none.

    Raises ChangedMeanwhile once something else has happened to one of them, and SlotTaken.
    """
    ids = [move.appointment_id for move in moves]
    try:
        with audited(actor, reason=TAKEN_BACK):
            seen = list(Appointment.objects.for_clinic(clinic).filter(pk__in=ids))
            locking.lock_parties(parties_of(seen))
            rows = {row.pk: row for row in locking.lock_visits(ids)}
            for move in moves:
                row = rows[move.appointment_id]
                if row.schedule_version != move.schedule_version or row.status in FINAL:
                    raise ChangedMeanwhile
            before = [
                Pushed(rows[one.appointment_id], one.from_during.lower, one.from_during.upper)
                for one in sorted(moves, key=lambda one: one.from_during.lower, reverse=True)
            ]
            back = _write(actor, now, before, TAKEN_BACK)
            _announce(clinic, actor, now, back, undone=True)
    except IntegrityError as error:
        raise SlotTaken(["room"]) from error
    return [one.appointment for one in back]


def _check_free(terms: Terms, pushed: Sequence[Pushed]) -> None:
    """Under the locks: holds that ran out give way, everybody else is in it."""
    found = push_clashes(pushed, terms.now)
    lapsing.let_lapse(terms, [one.appointment_id for one in found if one.lapsed])
    standing = next((one for one in found if not one.lapsed), None)
    if standing is not None:
        visit = pushed[standing.index]
        when = formats.time_format(terms.clinic.local(visit.start), "TIME_FORMAT")
        raise SlotTaken(standing.parties, when=f"{when} {visit.appointment.patient.name}")


def _announce(
    clinic: Clinic, actor: Actor, now: datetime, moves: Sequence[AppointmentMove], *, undone: bool
) -> None:
    told = [one for one in moves if one.appointment.status in _TOLD]
    if told:
        signals.appointments_moved.send(
            sender=Appointment, clinic=clinic, actor=actor, now=now, moves=told,
            appointments=[one.appointment for one in told], undone=undone,
        )  # fmt: skip


def _write(actor: Actor, now: datetime, pushed: list[Pushed], reason: str) -> list[AppointmentMove]:
    """The last one first: nobody enters time that another one still holds. In order of time."""
    moves = []
    for one in reversed(pushed):
        row, old = one.appointment, spell_of(one.appointment)
        before = row.during
        row.during = range_of(Interval(one.start, one.end))
        row.occupies = range_of(Interval(one.start - old.before, one.end + old.after))
        row.schedule_version += 1
        row.save(update_fields=["during", "occupies", "schedule_version"])
        move = AppointmentMove.objects.create(
            clinic_id=row.clinic_id, patient_id=row.patient_id, appointment=row,
            from_during=before, to_during=row.during, from_practitioner_id=row.practitioner_id,
            to_practitioner_id=row.practitioner_id, schedule_version=row.schedule_version,
            at=now, by_label=actor.label[:200], reason=reason, created_at=now,
        )  # fmt: skip
        moves.append(move)
    return moves[::-1]
