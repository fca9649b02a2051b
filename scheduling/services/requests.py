"""What the services of this room take: frozen, typed bundles of what a form or a program says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from mesoclinic.common.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """Rules set aside for this one booking or move; `reason` says why and is recorded.

    `clinical` (a practitioner only): the protocol's least gap, and reasons of the gate that may
    be lifted. `hours` (anybody at the desk): outside working hours, in time off, on a closed day.
    """

    clinical: bool = False
    hours: bool = False
    reason: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is set aside."""
        return self.clinical or self.hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One visit to book.

    `start` is aware. Without `room_id` a free room of the kind is taken, the practitioner's usual
    one first; likewise the device. `key` (of the form) makes a repeated request harmless.
    `hold_until` books it as held (pending) until then.
    """

    patient_id: UUID
    visit_type_id: UUID
    practitioner_id: UUID
    start: datetime
    room_id: UUID | None = None
    device_id: UUID | None = None
    planned_session_id: UUID | None = None
    note: str = ""
    key: str = ""
    hold_until: datetime | None = None
    exceptions: Exceptions = field(default_factory=Exceptions)


@dataclass(frozen=True, slots=True)
class CourseVisit:
    """One session of a course at a time. The room is a wish: another is taken if it is not free."""

    planned_session_id: UUID
    practitioner_id: UUID
    start: datetime
    room_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseBooking:
    """The whole course (or the rest of one): all of it is booked, or none."""

    plan_id: UUID
    visit_type_id: UUID
    visits: tuple[CourseVisit, ...]
    key: str = ""
    hold_until: datetime | None = None
    exceptions: Exceptions = field(default_factory=Exceptions)


@dataclass(frozen=True, slots=True)
class Target:
    """Where one visit shall go; `version` is the `schedule_version` that the person saw.

    `practitioner_id` and `room_id` of None keep what the visit has (a taken room is replaced).
    """

    appointment_id: UUID
    start: datetime
    version: int | None = None
    practitioner_id: UUID | None = None
    room_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A visit to move, with the later visits of its course that shift along (`later`, agreed).

    `undone` says that a move is taken back: whoever has not heard of it does not hear of this.
    """

    visit: Target
    later: tuple[Target, ...] = ()
    reason: str = ""
    undone: bool = False
    exceptions: Exceptions = field(default_factory=Exceptions)


@dataclass(frozen=True, slots=True)
class Stretch:
    """How long a visit shall last from its start, in minutes; `version` as in `Target`."""

    appointment_id: UUID
    minutes: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A visit as it will stand in the calendar: what it takes and when.

    `during` is what the patient sees, `occupies` adds the buffers of the visit type.
    """

    practitioner_id: UUID
    room_id: UUID | None
    device_id: UUID | None
    during: Interval[datetime]
    occupies: Interval[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseWishes:
    """What the patient prefers when a course is planned (`scheduling.domain` knows the meaning)."""

    weekdays: frozenset[int] = frozenset()
    time_from: str = ""
    time_until: str = ""
    practitioner_id: UUID | None = None
    any_practitioner: bool = True
    not_from: date | None = None
    not_until: date | None = None
    start_on: date | None = None
