"""From free slots to the few choices that the search needs, with what each costs by itself."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter

from mesoclinic.common.intervals import union
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
        who, room = _numbers(self.slot)
        return Node(self.day, who, room, cost, self.slot, kept)


class Clock:
    """Local day and minute of instants, and the wishes that hang on them alone; remembers."""

    __slots__ = ("_allowed", "_busy", "_known", "_request", "_wishes")

    def __init__(self, request: CourseRequest) -> None:
        self._request = request
        self._wishes = request.preferences
        self._busy = union(request.patient_busy)
        self._known: dict[datetime, tuple[int, int]] = {}
        self._allowed: dict[int, bool] = {}

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

    def allowed(self, start: datetime) -> bool:
        """Whether the conditions on days and times (not the patient's visits) allow a start."""
        if self.time_refused(start):
            return False
        day = self.local(start)[0]
        allowed = self._allowed.get(day)
        if allowed is None:
            refused = self.left_out(day) or self.weekday_refused(day) or self.beyond(day)
            allowed = self._allowed[day] = not refused
        return allowed

    def beyond(self, day: int) -> bool:
        """Whether the day is later than may be booked."""
        return day > self._request.until.toordinal()

    def left_out(self, day: int) -> bool:
        """Whether the patient left the day out."""
        return self._wishes.leave_out(date.fromordinal(day))

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
    cells = CellSource(request, clock)
    return [
        SessionPool(session.number, window, cells.within(session.number, window))
        for session, window in zip(request.sessions, windows, strict=False)
    ]


class CellSource:
    """The cells of each session; sessions that are offered the same list share its cells."""

    __slots__ = ("_cells", "_clock", "_request")

    def __init__(self, request: CourseRequest, clock: Clock) -> None:
        self._request = request
        self._clock = clock
        # By the identity of the list of slots, which is kept beside so that it stays unique.
        self._cells: dict[int, tuple[Sequence[Slot], list[Cell]]] = {}

    def within(self, number: int, window: Window) -> list[Cell]:
        """The cells of a session on the days of a window, sorted by day."""
        slots = self._request.candidates
        if callable(slots):
            slots = slots(number, window.earliest, window.latest)
        if id(slots) not in self._cells:
            self._cells[id(slots)] = (slots, cells_of(self._request, self._clock, slots))
        cells = self._cells[id(slots)][1]
        low = bisect_left(cells, window.earliest.toordinal(), key=attrgetter("day"))
        return cells[low : bisect_right(cells, window.latest.toordinal(), key=attrgetter("day"))]


def cells_of(request: CourseRequest, clock: Clock, slots: Sequence[Slot]) -> list[Cell]:
    """The best allowed slot for each (day, practitioner, room), sorted by day.

    Why the others may go without losing a best plan: what a plan costs and whether its gaps
    fit depends on a slot through its day, its practitioner, its room, and one more number,
    the minutes from the wished times, of which the cost is a non-decreasing function for all
    weights (none is negative). So in any plan a slot may be replaced by the one of the same
    day, practitioner and room with the fewest minutes off: all gaps stay the same, no change
    of practitioner or room is added, and the cost does not rise. Equal minutes: the earlier.
    """
    best: dict[tuple[int, int, int], tuple[int, datetime, Slot]] = {}
    start: datetime | None = None
    day = minutes = 0
    allowed = False
    for slot in slots:
        if slot.start is not start:  # sorted slots share their start with the one before
            start = slot.start
            day, minutes = clock.local(start)
            allowed = clock.allowed(start)
        if not allowed or clock.patient_taken(slot):
            continue
        key = (day, *_numbers(slot))
        known = best.get(key)
        if known is None or minutes < known[0] or (minutes == known[0] and start < known[1]):
            best[key] = (minutes, start, slot)
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


def _numbers(slot: Slot) -> tuple[int, int]:
    """Practitioner and room as numbers; -1 for no room."""
    room = slot.room_id
    return slot.practitioner_id.int, -1 if room is None else room.int
