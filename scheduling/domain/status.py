"""The states of an appointment and the one table of allowed changes between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """State of one visit."""

    PENDING = "pending"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_SESSION = "in_session"
    DONE = "done"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    ON_HOLD = "on_hold"


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed change of state and the word for it."""

    source: Status
    target: Status
    verb: str


TRANSITIONS: tuple[Transition, ...] = (
    Transition(Status.PENDING, Status.BOOKED, "accept"),
    Transition(Status.PENDING, Status.CANCELLED, "cancel or let lapse"),
    Transition(Status.BOOKED, Status.CONFIRMED, "confirm"),
    Transition(Status.BOOKED, Status.ARRIVED, "check in"),
    Transition(Status.BOOKED, Status.NO_SHOW, "record no-show"),
    Transition(Status.BOOKED, Status.CANCELLED, "cancel"),
    Transition(Status.BOOKED, Status.ON_HOLD, "put on hold"),
    # A moved visit has to be confirmed again.
    Transition(Status.CONFIRMED, Status.BOOKED, "move"),
    Transition(Status.CONFIRMED, Status.ARRIVED, "check in"),
    Transition(Status.CONFIRMED, Status.NO_SHOW, "record no-show"),
    Transition(Status.CONFIRMED, Status.CANCELLED, "cancel"),
    Transition(Status.CONFIRMED, Status.ON_HOLD, "put on hold"),
    Transition(Status.ARRIVED, Status.IN_SESSION, "start"),
    Transition(Status.ARRIVED, Status.BOOKED, "undo check-in"),
    Transition(Status.ARRIVED, Status.CANCELLED, "cancel"),
    Transition(Status.ARRIVED, Status.ON_HOLD, "put on hold"),
    Transition(Status.IN_SESSION, Status.DONE, "sign"),
    Transition(Status.IN_SESSION, Status.ARRIVED, "undo start"),
    Transition(Status.IN_SESSION, Status.CANCELLED, "stop untreated"),
    Transition(Status.NO_SHOW, Status.ARRIVED, "check in late"),
    Transition(Status.NO_SHOW, Status.BOOKED, "undo no-show"),
    Transition(Status.CANCELLED, Status.BOOKED, "reactivate"),
    Transition(Status.ON_HOLD, Status.BOOKED, "release"),
    Transition(Status.ON_HOLD, Status.CANCELLED, "cancel"),
)

BLOCKING: frozenset[Status] = frozenset(
    {
        Status.PENDING,
        Status.BOOKED,
        Status.CONFIRMED,
        Status.ARRIVED,
        Status.IN_SESSION,
        Status.DONE,
        Status.ON_HOLD,
    }
)
"""States in which a visit takes up its practitioner, room, device and patient."""

UPCOMING: frozenset[Status] = frozenset(
    {Status.PENDING, Status.BOOKED, Status.CONFIRMED, Status.ON_HOLD}
)
"""States of a visit that has not begun: only these may be moved."""

FINAL: frozenset[Status] = frozenset(set(Status) - {change.source for change in TRANSITIONS})
"""States that nothing leaves."""

_BY_PAIR: dict[tuple[Status, Status], Transition] = {
    (change.source, change.target): change for change in TRANSITIONS
}


def allowed(source: Status | str, target: Status | str) -> bool:
    """Whether a visit may go from one state to the other; staying is not a change.

    Takes members or their values. Raises ``ValueError`` for an unknown state.
    """
    return (Status(source), Status(target)) in _BY_PAIR


def targets(source: Status | str) -> tuple[Status, ...]:
    """The states that can follow, in the order of the table."""
    return tuple(change.target for change in TRANSITIONS if change.source == Status(source))


def retakes_slot(source: Status | str, target: Status | str) -> bool:
    """Whether the change makes a freed slot taken again, so it must be checked as a booking."""
    return Status(source) not in BLOCKING and Status(target) in BLOCKING


def diagram() -> str:
    """The table as a Mermaid state diagram, ending with a newline."""
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {Status.PENDING}", f"    [*] --> {Status.BOOKED}"]
    lines += [f"    {change.source} --> {change.target}: {change.verb}" for change in TRANSITIONS]
    lines += [f"    {status} --> [*]" for status in Status if status in FINAL]
    lines += ["    classDef free stroke-dasharray: 4"]
    lines += [f"    class {status} free" for status in Status if status not in BLOCKING]
    return "\n".join(lines) + "\n"
