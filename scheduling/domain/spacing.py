"""The least time between injections of one person, across all of their courses.

Within a course the protocol's window rules. Between two courses the later session asks: where both
treat the same area, the least gap that its own protocol wants before it holds against the other
course too (S1, S4: a gap is one between treatments, not between plans); everywhere the clinic's
least number of days holds, 0 unless somebody sets it. All days are local days of the clinic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from uuid import UUID

from mesoclinic.common.calendar import add_days, add_months, local_date
from scheduling.domain.courses.model import Candidates, DayRange
from scheduling.domain.obstacles import Obstacle, ObstacleKind
from scheduling.domain.slots import Slot
from treatments.domain.protocol import Gap, GapUnit, window_after


@dataclass(frozen=True, slots=True)
class Treated:
    """What a session treats: its areas with all their parts (empty: not known), and the gap that
    its protocol wants before it (``None``: none).
    """

    areas: frozenset[UUID] = frozenset()
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Injection:
    """A session of the person on a day, given or booked; ``plan_id`` is ``None`` outside plans."""

    day: date
    treated: Treated
    plan_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TooClose:
    """Which session is too near, whether the area is why, and the next day that is far enough."""

    other: Injection
    same_area: bool
    next_day: date


@dataclass(frozen=True, slots=True)
class Spacing:
    """The sessions of a person that a new one has to keep clear of, and the clinic's least days."""

    others: tuple[Injection, ...] = ()
    least_days: int = 0

    def closed(self, treated: Treated) -> tuple[DayRange, ...]:
        """The days on which such a session can't be, put together, in order."""
        ranges = [_closed_by(other, treated, self.least_days) for other in self.others]
        return _joined([one for one in ranges if one is not None])

    def check(self, treated: Treated, day: date) -> TooClose | None:
        """What stands in the way of such a session on the day; the nearest, the earlier of two."""
        whole = next((one for one in self.closed(treated) if one.contains(day)), None)
        if whole is None:
            return None
        closing = [one for one in self.others if _closes(one, treated, self.least_days, day)]
        other = min(closing, key=lambda one: (abs((one.day - day).days), one.day))
        return TooClose(other, _closes(other, treated, 0, day), add_days(whole.last, 1))


class Spaced:
    """The free times of a search, without the days too near to other courses' sessions.

    ``closed`` holds those days by session number. Hand it to a `CourseRequest` as ``candidates``
    and its `obstacles` method as ``obstacles``.
    """

    __slots__ = ("_closed", "_kept", "_slots", "_why", "_zone")

    def __init__(
        self,
        slots: Candidates,
        why: Callable[[date, date], Sequence[Obstacle]],
        closed: Mapping[int, tuple[DayRange, ...]],
        zone: tzinfo,
    ) -> None:
        self._slots = slots
        self._why = why
        self._closed = closed
        self._zone = zone
        # Sessions with the same closed days share one list, so that the planner prepares it once.
        self._kept: dict[tuple[DayRange, ...], list[Slot]] = {}

    def __call__(self, number: int, first: date, last: date) -> Sequence[Slot]:
        """The slots of a session on local days from first to last, and perhaps more."""
        closed = self._closed.get(number, ())
        if callable(self._slots):
            return self._open(self._slots(number, first, last), closed)
        if not closed:
            return self._slots
        if closed not in self._kept:
            self._kept[closed] = self._open(self._slots, closed)
        return self._kept[closed]

    def _open(self, slots: Sequence[Slot], closed: tuple[DayRange, ...]) -> list[Slot]:
        return [slot for slot in slots if not is_in(closed, local_date(slot.start, self._zone))]

    def obstacles(self, first: date, last: date) -> list[Obstacle]:
        """Why days have no slot, the nearness of another course among it."""
        days = _joined([one for ranges in self._closed.values() for one in ranges])
        near = [
            Obstacle(one.first, one.last, ObstacleKind.OTHER_COURSE)
            for one in days
            if one.first <= last and first <= one.last
        ]
        return [*self._why(first, last), *near]


def is_in(ranges: Sequence[DayRange], day: date) -> bool:
    """Whether a day is in any of the ranges."""
    return any(one.contains(day) for one in ranges)


def _closed_by(other: Injection, treated: Treated, least_days: int) -> DayRange | None:
    """The days around one session that are too near to it; ``None`` where all are allowed."""
    shared = bool(other.treated.areas & treated.areas)
    opens = add_days(other.day, least_days)
    if shared and treated.gap is not None:
        opens = max(opens, window_after(other.day, treated.gap).earliest)
    ends = add_days(other.day, -least_days)
    if shared and other.treated.gap is not None:
        ends = min(ends, _last_before(other.day, other.treated.gap))
    if opens == ends:
        return None
    return DayRange(min(add_days(ends, 1), other.day), max(add_days(opens, -1), other.day))


def _closes(other: Injection, treated: Treated, least_days: int, day: date) -> bool:
    days = _closed_by(other, treated, least_days)
    return days is not None and days.contains(day)


def _last_before(day: date, gap: Gap) -> date:
    """The last day from which the least gap ends by `day`."""
    if gap.unit is GapUnit.DAYS:
        return add_days(day, -gap.min)
    last = add_months(day, -gap.min)
    while window_after(add_days(last, 1), gap).earliest <= day:
        last = add_days(last, 1)
    return last


def _joined(ranges: Sequence[DayRange]) -> tuple[DayRange, ...]:
    found: list[DayRange] = []
    for one in sorted(ranges, key=lambda item: item.first):
        if found and one.first <= add_days(found[-1].last, 1):
            found[-1] = DayRange(found[-1].first, max(found[-1].last, one.last))
        else:
            found.append(one)
    return tuple(found)
