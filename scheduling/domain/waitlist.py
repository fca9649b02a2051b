"""Who is offered a time that came free: those whom it suits, the most urgent course first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from uuid import UUID

from scheduling.domain.courses.model import DayRange
from scheduling.domain.spacing import is_in
from treatments.domain.protocol import Window


@dataclass(frozen=True, slots=True)
class Freed:
    """A stretch of a practitioner's time, ``[start, end)`` in UTC, read on the clinic's clock."""

    start: datetime
    end: datetime
    practitioner_id: UUID
    zone: tzinfo

    @property
    def local(self) -> datetime:
        """Its start on the clinic's clock."""
        return self.start.astimezone(self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody on the list. Empty or ``None`` means: any.

    ``times`` bound the start, ``[from, until)``, local; ``days`` are both included. ``window`` is
    that of the session they wait for; ``before`` the start of the visit that they have already:
    only an earlier time is any better. ``closed`` days are too near to another course of theirs.
    """

    id: UUID
    since: datetime
    duration: timedelta
    practitioner_id: UUID | None = None
    weekdays: frozenset[int] = frozenset()
    times: tuple[time | None, time | None] = (None, None)
    days: tuple[date | None, date | None] = (None, None)
    window: Window | None = None
    before: datetime | None = None
    closed: tuple[DayRange, ...] = ()


def suits(waiting: Waiting, freed: Freed) -> bool:
    """Whether the time is long enough, wished, an improvement, and not before the window."""
    local = freed.local
    day, clock = local.date(), local.time()
    first_time, last_time = waiting.times
    first_day, last_day = waiting.days
    return (
        freed.end - freed.start >= waiting.duration
        and waiting.practitioner_id in {None, freed.practitioner_id}
        and (not waiting.weekdays or day.weekday() in waiting.weekdays)
        and (first_time is None or first_time <= clock)
        and (last_time is None or clock < last_time)
        and (first_day is None or first_day <= day)
        and (last_day is None or day <= last_day)
        and (waiting.before is None or freed.start < waiting.before)
        and (waiting.window is None or waiting.window.earliest <= day)
        and not is_in(waiting.closed, day)
    )


def days_left(waiting: Waiting, day: date) -> int | None:
    """Days until the session leaves its window (negative: it has); ``None`` without an end."""
    if waiting.window is None or waiting.window.is_open:
        return None
    return (waiting.window.latest - day).days


def in_order(waiting: Iterable[Waiting], freed: Freed) -> list[Waiting]:
    """Those whom the time suits: nearest to leaving the window first, then who waits longest."""
    day = freed.local.date()

    def rank(one: Waiting) -> tuple[bool, int, datetime, UUID]:
        left = days_left(one, day)
        return left is None, left or 0, one.since, one.id

    return sorted((one for one in waiting if suits(one, freed)), key=rank)
