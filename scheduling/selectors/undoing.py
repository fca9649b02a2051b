"""What somebody has just done to a visit and may still take back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_noop

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from scheduling.domain.status import Status
from scheduling.models import Appointment, AppointmentMove, AppointmentStatusChange
from scheduling.selectors.pushing import PUSHED

UNDO_FOR = timedelta(minutes=5)
# The reason on record of whatever took a change back: that is not offered to be taken back again.
TAKEN_BACK = gettext_noop("Taken back.")
_HELD = (Status.BOOKED.value, Status.CONFIRMED.value)


@dataclass(frozen=True, slots=True)
class LastChange:
    """A booking, move or cancellation with every visit that it concerned.

    `kind` is "booked", "moved", "pushed" (others' visits too) or "cancelled"; `confirmed` are the visits that were confirmed.
    """

    kind: str
    at: datetime
    visits: tuple[UUID, ...]
    moves: tuple[AppointmentMove, ...] = ()
    confirmed: frozenset[UUID] = frozenset()

    @property
    def until(self) -> datetime:
        """When it can't be taken back any more."""
        return self.at + UNDO_FOR


def last_change(
    clinic: Clinic, actor: Actor, appointment: Appointment, now: datetime
) -> LastChange | None:
    """The visit's last change, if it was `actor`'s and is not five minutes old. Four queries."""
    move = AppointmentMove.objects.filter(appointment=appointment).order_by("-at", "-pk").first()
    change = (
        AppointmentStatusChange.objects.filter(appointment=appointment)
        .order_by("-at", "-pk")
        .first()
    )
    newest = max((row.at for row in (move, change) if row is not None), default=None)
    if newest is None or newest <= now - UNDO_FOR:
        return None
    row = move if move is not None and move.at == newest else change
    if row is None or row.by_label != actor.label[:200] or row.reason == TAKEN_BACK:
        return None
    together = AppointmentStatusChange.objects.for_clinic(clinic).filter(
        patient_id=appointment.patient_id, at=newest, by_label=row.by_label
    )
    confirmed = frozenset(
        together.filter(from_status=Status.CONFIRMED.value).values_list("appointment", flat=True)
    )
    if isinstance(row, AppointmentMove):
        return _moves_with(clinic, row, confirmed)
    kind = _KINDS.get((row.from_status, row.to_status))
    if kind is None:
        return None
    alike = together.filter(to_status=row.to_status)
    if kind == "booked":
        alike = alike.filter(from_status="")
    return LastChange(
        kind, newest, tuple(alike.values_list("appointment", flat=True)), (), confirmed
    )


def _moves_with(clinic: Clinic, move: AppointmentMove, confirmed: frozenset[UUID]) -> LastChange:
    """The move with what moved along: of the same patient, or by the same push."""
    pushed = move.reason == PUSHED
    together = {"reason": PUSHED} if pushed else {"patient_id": move.patient_id}
    rows = AppointmentMove.objects.for_clinic(clinic).filter(
        at=move.at, by_label=move.by_label, **together
    )
    found = tuple(rows.order_by("from_during"))
    kind = "pushed" if pushed else "moved"
    # A push asks nobody to confirm again.
    still = frozenset() if pushed else confirmed
    return LastChange(kind, move.at, tuple(one.appointment_id for one in found), found, still)


_KINDS = {
    ("", Status.BOOKED.value): "booked",
    **{(before, Status.CANCELLED.value): "cancelled" for before in _HELD},
}
