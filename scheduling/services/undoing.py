"""Taking the last change back, within five minutes and by whoever made it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic
from scheduling.domain.status import Status
from scheduling.exceptions import NothingToUndo
from scheduling.models import Appointment
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.undoing import TAKEN_BACK, UNDO_FOR, LastChange, last_change
from scheduling.services.moving import move_appointment
from scheduling.services.pushing import take_push_back
from scheduling.services.requests import Exceptions, Move, Target
from scheduling.services.status import StatusChange, cancel_appointment, change_status
from scheduling.services.waitlist import wait_again


def undo_last_change(
    *,
    clinic: Clinic,
    actor: Actor,
    now: datetime,
    appointment_id: UUID,
    seen: datetime | None = None,
) -> Appointment:
    """Take back a booking, a move (with what moved along), a push or a cancellation: all of it or nothing.

    `seen` is when the change was made that somebody wants to take back, None for whatever was last.
    Messages that have not left are withdrawn; whoever was told already is told anew. Raises
    AppointmentNotFound, NothingToUndo, and SlotTaken where the old time has gone to somebody else.
    """
    appointment = get_appointment(clinic, appointment_id)
    change = last_change(clinic, actor, appointment, now)
    if seen is not None and (change is None or change.at != seen):
        if seen <= now - UNDO_FOR:
            raise NothingToUndo(_("Five minutes are over: it can't be taken back any more."))
        raise NothingToUndo(_("It was taken back or changed again in the meantime."))
    if change is None:
        raise NothingToUndo
    with audited(actor, reason=TAKEN_BACK):
        _TAKE_BACK[change.kind](clinic, actor, now, change)
        for pk in sorted(change.confirmed):
            again = StatusChange(appointment_id=pk, target=Status.CONFIRMED)
            change_status(clinic=clinic, actor=actor, now=now, change=again)
    return get_appointment(clinic, appointment_id)


def _as_before(actor: Actor) -> Exceptions:
    """What stood there stood there for a reason: it is not judged anew where that can be spared."""
    return Exceptions(hours=True, clinical=can(actor, Policy.CLINICAL), reason=TAKEN_BACK)


def _unbook(clinic: Clinic, actor: Actor, now: datetime, change: LastChange) -> None:
    for pk in change.visits:
        cancel_appointment(
            clinic=clinic, actor=actor, now=now, appointment_id=pk, reason=TAKEN_BACK
        )
    wait_again(clinic=clinic, actor=actor, visits=list(change.visits))


def _move_back(clinic: Clinic, actor: Actor, now: datetime, change: LastChange) -> None:
    first, *later = (
        Target(
            move.appointment_id, move.from_during.lower, move.schedule_version,
            move.from_practitioner_id,
        )
        for move in change.moves
    )  # fmt: skip
    move = Move(
        visit=first, later=tuple(later), reason=TAKEN_BACK, exceptions=_as_before(actor),
        undone=True,
    )  # fmt: skip
    move_appointment(clinic=clinic, actor=actor, now=now, move=move)


def _push_back(clinic: Clinic, actor: Actor, now: datetime, change: LastChange) -> None:
    take_push_back(clinic=clinic, actor=actor, now=now, moves=change.moves)


def _bring_back(clinic: Clinic, actor: Actor, now: datetime, change: LastChange) -> None:
    for pk in change.visits:
        again = StatusChange(
            appointment_id=pk, target=Status.BOOKED, reason=TAKEN_BACK,
            exceptions=_as_before(actor),
        )  # fmt: skip
        change_status(clinic=clinic, actor=actor, now=now, change=again)


_TAKE_BACK = {
    "booked": _unbook,
    "moved": _move_back,
    "pushed": _push_back,
    "cancelled": _bring_back,
}
