"""From free slots to the few choices that the search needs, with what each costs by itself."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from uuid import UUID

from mesoclinic.common.intervals import Interval, union
from scheduling.domain.courses.model import CourseRequest, Preferences, Weights
from scheduling.domain.courses.search import Node
from scheduling.domain.slots import Slot
from treatments.domain.protocol import Window, reach


@dataclass(frozen=True, slots=True)
class Cell:
    """The best slot of one practitioner in one room on one day, and how it meets the wishes.

    ``minutes_off`` is the time from the wished range of times, 0 inside it. ``load`` is in
    percent.
    """

    day: int
    slot: Slot
    weekday_off: bool
    minutes_off: int
    practitioner_off: bool
    room_off: bool
    high_uv: bool
    load: int

    def cost(self, weights: Weights) -> int:
        """What the slot costs by itself, whatever is chosen for the other sessions."""
        cost = weights.load * self.load // 100
        if self.weekday_off:
            cost += weights.weekday
        if self.minutes_off:
            cost += weights.time + weights.time_hour * -(-self.minutes_off // 60)
        if self.practitioner_off:
            cost += weights.preferred_practitioner
        if self.room_off:
            cost += weights.preferred_room
        if self.high_uv:
            cost += weights.uv_month
        return cost

    def node(self, cost: int, *, kept: bool = False) -> Node:
        """The cell as a node of the search."""
        slot = self.slot
        return Node(self.day, slot.practitioner_id, slot.room_id, cost, slot, kept)


class Clock:
    """Local day and minute of instants, and the wishes that hang on them alone; remembers."""

    __slots__ = ("_busy", "_known", "_request", "_wishes")

    def __init__(self, request: CourseRequest) -> None:
        self._request = request
        self._wishes = request.preferences
        self._busy = union(request.patient_busy)
        self._known: dict[datetime, tuple[int, int]] = {}

    def day(self, slot: Slot) -> int:
        """The local day of a slot, as an ordinal."""
        return self.local(slot.start)[0]

    def local(self, start: datetime) -> tuple[int, int]:
        """Local day (ordinal) and how many minutes the time is from the wished times."""
        known = self._known.get(start)
        if known is None:
            local = start.astimezone(self._request.zone)
            minute = local.hour * 60 + local.minute
            known = (local.toordinal(), _minutes_off(minute, self._wishes))
            self._known[start] = known
        return known

    def allowed_day(self, day: int) -> bool:
        """Whether the conditions on days (days left out, strict weekdays, the end) allow it."""
        return not self.left_out(day) and not self.weekday_refused(day) and not self.beyond(day)

    def beyond(self, day: int) -> bool:
        """Whether the day is later than may be booked."""
        return day > self._request.until.toordinal()

    def left_out(self, day: int) -> bool:
        """Whether the patient left the day out."""
        on = date.fromordinal(day)
        return any(days.contains(on) for days in self._wishes.not_in)

    def weekday_refused(self, day: int) -> bool:
        """Whether the day is on none of the weekdays that are a condition."""
        return self._wishes.strict_weekdays and weekday_off(day, self._wishes)

    def time_refused(self, start: datetime) -> bool:
        """Whether the time is outside the times that are a condition."""
        return self._wishes.strict_times and self.local(start)[1] > 0

    def patient_taken(self, slot: Slot) -> bool:
        """Whether the patient is somewhere else at that time."""
        if not self._busy:
            return False
        at = bisect_right(self._busy, slot.start, key=attrgetter("end"))
        return at < len(self._busy) and self._busy[at].start < slot.end


@dataclass(frozen=True, slots=True)
class SessionPool:
    """The cells of one session, sorted by day, and the days that it can reach at all."""

    number: int
    window: Window
    cells: Sequence[Cell]

    def has_day(self, day: int) -> bool:
        """Whether there is any cell on the day."""
        at = bisect_left(self.cells, day, key=attrgetter("day"))
        return at < len(self.cells) and self.cells[at].day == day


def session_pools(request: CourseRequest, clock: Clock) -> list[SessionPool]:
    """The cells of each session that can be reached by the last day that may be booked."""
    windows = reach(request.first, request.sessions, request.until)
    shared: list[Cell] | None = None
    if not callable(request.candidates):
        shared = cells_of(request, clock, request.candidates)
    pools: list[SessionPool] = []
    for session, window in zip(request.sessions, windows, strict=False):
        first, last = window.earliest, window.latest
        cells = shared
        if cells is None:
            slots = candidate_slots(request, session.number, first, last)
            cells = cells_of(request, clock, slots)
        low = bisect_left(cells, first.toordinal(), key=attrgetter("day"))
        high = bisect_right(cells, last.toordinal(), key=attrgetter("day"))
        pools.append(SessionPool(session.number, window, cells[low:high]))
    return pools


def candidate_slots(request: CourseRequest, number: int, first: date, last: date) -> Sequence[Slot]:
    """The free slots that the request offers for a session on these days (or more days)."""
    if callable(request.candidates):
        return request.candidates(number, first, last)
    return request.candidates


def cells_of(request: CourseRequest, clock: Clock, slots: Sequence[Slot]) -> list[Cell]:
    """The best allowed slot for each (day, practitioner, room), sorted by day.

    Why the others may go without losing a best plan: what a plan costs and whether its gaps
    fit depends on a slot through its day, its practitioner, its room, and one more number,
    the minutes from the wished times, of which the cost is a non-decreasing function for all
    weights (none is negative). So in any plan a slot may be replaced by the one of the same
    day, practitioner and room with the fewest minutes off: all gaps stay the same, no change
    of practitioner or room is added, and the cost does not rise. Equal minutes: the earlier.
    """
    best: dict[tuple[int, UUID, UUID | None], tuple[int, datetime, Slot]] = {}
    days: dict[int, bool] = {}
    strict = request.preferences.strict_times
    for slot in slots:
        day, minutes = clock.local(slot.start)
        allowed = days.get(day)
        if allowed is None:
            allowed = days[day] = clock.allowed_day(day)
        if not allowed or (strict and minutes) or clock.patient_taken(slot):
            continue
        key = (day, slot.practitioner_id, slot.room_id)
        known = best.get(key)
        if known is None or (minutes, slot.start) < known[:2]:
            best[key] = (minutes, slot.start, slot)
    cells = [cell_of(request, clock, slot) for _, _, slot in best.values()]
    cells.sort(key=lambda cell: (cell.day, cell.slot.start))
    return cells


def cell_of(request: CourseRequest, clock: Clock, slot: Slot) -> Cell:
    """How one slot meets the wishes."""
    wishes = request.preferences
    day, minutes = clock.local(slot.start)
    on = date.fromordinal(day)
    return Cell(
        day=day,
        slot=slot,
        weekday_off=weekday_off(day, wishes),
        minutes_off=minutes,
        practitioner_off=wishes.practitioner_id not in (None, slot.practitioner_id),
        room_off=wishes.room_id not in (None, slot.room_id),
        high_uv=on.month in wishes.avoid_months,
        load=request.load.get((on, slot.practitioner_id), 0),
    )


def weekday_off(day: int, wishes: Preferences) -> bool:
    """Whether a day is on none of the wished weekdays."""
    return bool(wishes.weekdays) and (day + 6) % 7 not in wishes.weekdays


def first_cost(request: CourseRequest, cell: Cell, weights: Weights) -> int:
    """What a cell costs as the first session: its distance and its change from the last visit.

    A free first session counts days waited; one that follows a given session counts squared
    days from the ideal, as all later ones do.
    """
    off = cell.day - request.first.ideal.toordinal()
    free = request.sessions[0].gap is None
    cost = weights.wait * abs(off) if free else weights.day * off * off
    if request.previous is not None:
        before = request.previous.slot
        if before.practitioner_id != cell.slot.practitioner_id:
            cost += weights.practitioner_change
        if before.room_id != cell.slot.room_id:
            cost += weights.room_change
    return cost


def _minutes_off(minute: int, wishes: Preferences) -> int:
    """Minutes from the wished range of times ``[from, until)``; 0 inside it."""
    if wishes.times is None:
        return 0
    first, end = (at.hour * 60 + at.minute for at in wishes.times)
    if minute < first:
        return first - minute
    return 0 if minute < end else minute - end + 1


def overlapping(busy: Sequence[Interval[datetime]], slot: Slot) -> list[Interval[datetime]]:
    """The intervals that a slot overlaps."""
    return [item for item in busy if item.start < slot.end and slot.start < item.end]
