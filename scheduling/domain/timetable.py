"""The time of practitioners, rooms and devices as sorted pairs of seconds.

The inner half of the search for free time (see `slots`), where what bounds what is said.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from uuid import UUID

from mesoclinic.common.calendar import local_date, to_utc
from mesoclinic.common.intervals import Interval, intersect_pairs, merge_pairs, subtract_pairs

Pairs = list[tuple[int, int]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400
_FOREVER = 1 << 60


@dataclass(frozen=True, slots=True)
class HoursBlock:
    """One block of working time on a weekday (Monday is 0), in clinic-local time.

    ``ends`` at ``time(0)`` means the end of the day. The validity days are both included;
    ``None`` is without limit. Raises ``ValueError`` for a block that does not end after it
    starts, or a weekday outside 0..6.
    """

    weekday: int
    starts: time
    ends: time
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday must be 0 (Monday) to 6, not {self.weekday}")
        if _time_seconds(self.starts) >= self.end_second:
            raise ValueError(f"hours must end after they start: {self.starts} .. {self.ends}")

    @property
    def start_second(self) -> int:
        """Seconds on the wall clock from midnight to the start."""
        return _time_seconds(self.starts)

    @property
    def end_second(self) -> int:
        """Seconds on the wall clock from midnight to the end; 86,400 for the end of the day."""
        return _time_seconds(self.ends) or _DAY


@dataclass(frozen=True, slots=True)
class Absence:
    """Time off, maintenance or a closure, with the words that staff gave it."""

    during: Interval[datetime]
    label: str = ""


@dataclass(frozen=True, slots=True)
class ResourceCalendar:
    """A practitioner, room or device with its time.

    ``hours`` of ``None``: always open (rooms and devices without hours of their own).
    ``busy`` holds the ``occupies`` of blocking visits, in any order.
    """

    id: UUID
    hours: tuple[HoursBlock, ...] | None = None
    absences: tuple[Absence, ...] = ()
    busy: tuple[Interval[datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a visit needs: one of the practitioners, one of the rooms, one of the devices.

    ``None`` for rooms or devices: none is needed. An empty tuple: one is needed and there is
    none, so nothing is free. Order is preference: the first free one is offered.
    ``patient_busy`` holds the ``during`` of the patient's other blocking visits.
    """

    practitioners: tuple[ResourceCalendar, ...]
    rooms: tuple[ResourceCalendar, ...] | None = None
    devices: tuple[ResourceCalendar, ...] | None = None
    closures: tuple[Absence, ...] = ()
    patient_busy: tuple[Interval[datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRequest:
    """What to look for.

    ``during`` must lie inside ``within``; it starts no sooner than ``now + notice`` and no
    later than ``now + horizon`` (each only when given). Durations are elapsed time. Starts
    lie on a grid of ``step`` from the start of each block of the practitioner's hours, in
    local time: a time that the clocks skip is not offered, a time shown twice is offered at
    its first showing.

    Raises ``ValueError`` for a duration or step that is not positive whole seconds, or a
    negative buffer.
    """

    within: Interval[datetime]
    zone: tzinfo
    duration: timedelta
    step: timedelta = timedelta(minutes=15)
    buffer_before: timedelta = timedelta(0)
    buffer_after: timedelta = timedelta(0)
    now: datetime | None = None
    notice: timedelta = timedelta(0)
    horizon: timedelta | None = None

    def __post_init__(self) -> None:
        for name in ("duration", "step", "buffer_before", "buffer_after"):
            value = getattr(self, name)
            if value.microseconds or value < timedelta(0):
                raise ValueError(f"{name} must be whole seconds and not negative")
        if not self.duration or not self.step:
            raise ValueError("duration and step must be longer than nothing")


@dataclass(frozen=True, slots=True)
class Opening:
    """A calendar's hours inside a request: disjoint pairs, and the grid of starts."""

    pairs: Pairs
    grid: list[int]


def opening(request: SlotRequest, calendar: ResourceCalendar) -> Opening:
    """Hours as instants, with the grid of starts; absences and bookings are not taken off."""
    first = local_date(request.within.start, request.zone).toordinal() - 1
    last = local_date(request.within.end, request.zone).toordinal() + 1
    by_weekday = _by_weekday(calendar.hours)
    step = int(request.step.total_seconds())
    pairs: Pairs = []
    grid: list[int] = []
    for ordinal in range(first, last + 1):
        blocks = by_weekday[(ordinal + 6) % 7]
        if not blocks:
            continue
        midnight = _midnight(ordinal, request.zone)
        if _midnight(ordinal + 1, request.zone) - midnight == _DAY:
            for start, end, valid_from, valid_until in blocks:
                if valid_from <= ordinal <= valid_until:
                    pairs.append((midnight + start, midnight + end))
                    grid.extend(range(midnight + start, midnight + end, step))
        else:
            for start, end, valid_from, valid_until in blocks:
                if valid_from <= ordinal <= valid_until:
                    pairs.append(_block_on_odd_day(ordinal, start, end, request.zone))
                    grid.extend(_grid_on_odd_day(ordinal, range(start, end, step), request.zone))
    return Opening(intersect_pairs(merge_pairs(pairs), _within(request)), sorted(set(grid)))


def room_opening(request: SlotRequest, calendar: ResourceCalendar) -> Opening:
    """`opening` of a room or device, whose grid nobody asks for: spares it when always open."""
    return Opening(_within(request), []) if calendar.hours is None else opening(request, calendar)


def open_pairs(request: SlotRequest, calendar: ResourceCalendar, hours: Opening) -> Pairs:
    """Hours minus the calendar's own absences."""
    return subtract_pairs(hours.pairs, spans(absence.during for absence in calendar.absences))


def free_pairs(request: SlotRequest, calendar: ResourceCalendar, hours: Opening) -> Pairs:
    """Where ``during`` can lie: open time minus bookings (grown by the buffers), after notice.

    ``[start - before, end + after)`` meets a booking ``[x, y)`` exactly when ``[start, end)``
    meets ``[x - after, y + before)``: so the bookings grow, and the visit stays bare.
    """
    before = int(request.buffer_before.total_seconds())
    after = int(request.buffer_after.total_seconds())
    busy = merge_pairs((_floor(b.start) - after, _ceil(b.end) + before) for b in calendar.busy)
    pairs = subtract_pairs(open_pairs(request, calendar, hours), busy)
    if request.now is not None:
        pairs = subtract_pairs(pairs, [(-_FOREVER, _ceil(request.now + request.notice))])
    return pairs


def starts_in(request: SlotRequest, grid: Sequence[int], pairs: Pairs) -> list[int]:
    """The grid's starts whose whole ``during`` lies inside one of the pairs."""
    duration = int(request.duration.total_seconds())
    stop = _FOREVER
    if request.now is not None and request.horizon is not None:
        stop = _floor(request.now + request.horizon)
    starts: list[int] = []
    low = 0
    for begin, end in pairs:
        last = min(end - duration, stop)
        if last >= begin:
            low = bisect_left(grid, begin, low)
            starts.extend(grid[low : bisect_right(grid, last, low)])
    return starts


def instant(seconds: int) -> datetime:
    """Seconds since 1970 as an aware UTC datetime."""
    return _EPOCH + timedelta(seconds=seconds)


# --- Seconds and days ----------------------------------------------------------------------

_Blocks = list[tuple[int, int, int, int]]


def _by_weekday(hours: tuple[HoursBlock, ...] | None) -> list[_Blocks]:
    """Blocks per weekday as start, end (seconds) and first, last day of validity (ordinals)."""
    if hours is None:
        return [[(0, _DAY, 0, _FOREVER)] for _ in range(7)]
    table: list[_Blocks] = [[] for _ in range(7)]
    for block in hours:
        first = block.valid_from.toordinal() if block.valid_from else 0
        last = block.valid_until.toordinal() if block.valid_until else _FOREVER
        table[block.weekday].append((block.start_second, block.end_second, first, last))
    return table


@lru_cache(maxsize=16_384)
def _midnight(ordinal: int, zone: tzinfo) -> int:
    """The first midnight of a local day."""
    return _floor(to_utc(datetime.combine(date.fromordinal(ordinal), time.min), zone))


def _local(ordinal: int, second: int) -> datetime:
    return datetime.combine(date.fromordinal(ordinal), time.min) + timedelta(seconds=second)


def _block_on_odd_day(ordinal: int, start: int, end: int, zone: tzinfo) -> tuple[int, int]:
    """A block on a day with a clock change; it may come out empty."""
    return (
        _floor(to_utc(_local(ordinal, start), zone)),
        _floor(to_utc(_local(ordinal, end), zone)),
    )


def _grid_on_odd_day(ordinal: int, seconds: Iterable[int], zone: tzinfo) -> list[int]:
    """The wall-clock times that exist on a day with a clock change, at their first showing."""
    grid: list[int] = []
    for second in seconds:
        wall = _local(ordinal, second)
        at = to_utc(wall, zone)
        if at.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            grid.append(_floor(at))
    return grid


def seconds_by_day(pairs: Pairs, zone: tzinfo) -> dict[date, int]:
    """Seconds of each local day that the pairs cover; a pair is cut at the midnights."""
    covered: dict[date, int] = {}
    for start, end in pairs:
        at = start
        ordinal = local_date(instant(start), zone).toordinal()
        while at < end:
            stop = min(end, max(_midnight(ordinal + 1, zone), at))
            if stop > at:
                day = date.fromordinal(ordinal)
                covered[day] = covered.get(day, 0) + stop - at
            at = stop
            ordinal += 1
    return covered


def shared_blocks(resources: Resources) -> Pairs:
    """What closes every practitioner's time: closures and the patient's other visits."""
    closed = spans(absence.during for absence in resources.closures)
    return merge_pairs([*closed, *spans(resources.patient_busy)])


def _within(request: SlotRequest) -> Pairs:
    return merge_pairs([(_ceil(request.within.start), _floor(request.within.end))])


def spans(intervals: Iterable[Interval[datetime]]) -> Pairs:
    """Intervals as pairs: begun seconds count whole."""
    return merge_pairs((_floor(i.start), _ceil(i.end)) for i in intervals)


def _floor(at: datetime) -> int:
    since = at - _EPOCH
    return since.days * _DAY + since.seconds


def _ceil(at: datetime) -> int:
    since = at - _EPOCH
    return since.days * _DAY + since.seconds + (since.microseconds > 0)


def _time_seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second
