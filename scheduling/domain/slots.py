"""Free time: hours minus absences minus what is booked, over practitioner, room and device.

Everything outside is an aware instant or a local calendar day; inside, instants are whole
seconds since 1970 in sorted, disjoint half-open pairs, so that a search is a few merges and
bisections and never a test per slot.

What bounds what:

* Working hours, absences and closures bound ``during``, the time that the patient sees. A
  buffer may reach over the edge of the day or into a break: preparing before the doors open
  and cleaning after they close needs no opening hours.
* Buffers bound ``occupies``: it may touch but not overlap the ``occupies`` of another visit of
  the same practitioner, room or device.
* The patient's own other visits bound ``during`` only: patients need no buffers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from mesoclinic.common.calendar import local_date, to_utc
from mesoclinic.common.intervals import (
    Interval,
    intersect_pairs,
    merge_pairs,
    subtract_pairs,
)

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


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time that can be booked: ``during`` is ``[start, end)`` in UTC."""

    start: datetime
    end: datetime
    practitioner_id: UUID
    room_id: UUID | None = None
    device_id: UUID | None = None


class Pick(StrEnum):
    """How many slots to offer for the same start."""

    EACH_START = "start"  # one: the first free practitioner with the first free room and device
    EACH_PRACTITIONER = "practitioner"  # one per free practitioner
    EACH_COMBINATION = "combination"  # every free practitioner, room and device


def free_slots(
    request: SlotRequest, resources: Resources, pick: Pick = Pick.EACH_PRACTITIONER
) -> list[Slot]:
    """The free slots, sorted by start, then by the order of practitioners, rooms and devices."""
    shared = _shared_blocks(resources)
    rooms = _free_of_all(request, resources.rooms)
    devices = _free_of_all(request, resources.devices)
    rows: list[tuple[int, int, int, int]] = []
    for index, practitioner in enumerate(resources.practitioners):
        hours = opening(request, practitioner)
        pairs = subtract_pairs(free_pairs(request, practitioner, hours), shared)
        starts = starts_in(request, hours.grid, pairs)
        if pick is Pick.EACH_COMBINATION:
            rows += _every_combination(request, starts, index, rooms, devices)
        else:
            rows += _first_combination(request, starts, index, rooms, devices)
    rows.sort()
    if pick is Pick.EACH_START:
        rows = _first_of_each_start(rows)
    return _slots(request, resources, rows)


def free_intervals(
    request: SlotRequest, calendar: ResourceCalendar, resources: Resources | None = None
) -> list[Interval[datetime]]:
    """Where the ``during`` of a visit can lie for one practitioner, room or device.

    Buffers, notice and ``within`` are taken off already; closures and the patient's other
    visits too when ``resources`` are given. Stretches shorter than the duration are kept.
    """
    pairs = free_pairs(request, calendar, opening(request, calendar))
    if resources is not None:
        pairs = subtract_pairs(pairs, _shared_blocks(resources))
    return [Interval(instant(start), instant(end)) for start, end in pairs]


def open_intervals(request: SlotRequest, calendar: ResourceCalendar) -> list[Interval[datetime]]:
    """Working time inside ``within``: hours minus absences, whatever is booked."""
    pairs = open_pairs(request, calendar, opening(request, calendar))
    return [Interval(instant(start), instant(end)) for start, end in pairs]


def day_load(request: SlotRequest, resources: Resources) -> dict[tuple[date, UUID], int]:
    """How full each practitioner's days are: percent of working time taken, 0 to 100.

    Keyed by local day and practitioner; days without working time are left out.
    """
    loads: dict[tuple[date, UUID], int] = {}
    for practitioner in resources.practitioners:
        pairs = open_pairs(request, practitioner, opening(request, practitioner))
        pairs = subtract_pairs(pairs, _spans(absence.during for absence in resources.closures))
        working = _by_day(pairs, request.zone)
        taken = _by_day(intersect_pairs(pairs, _spans(practitioner.busy)), request.zone)
        for day, seconds in working.items():
            loads[day, practitioner.id] = taken.get(day, 0) * 100 // seconds
    return loads


# --- Building blocks, also used to explain why a day has no slot ---------------------------


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
    return subtract_pairs(hours.pairs, _spans(absence.during for absence in calendar.absences))


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


# --- Combinations --------------------------------------------------------------------------

_Free = list[tuple[int, Pairs | None]]


def _free_of_all(request: SlotRequest, needed: tuple[ResourceCalendar, ...] | None) -> _Free:
    """Index and free time of each room (or device); one that takes nothing when none is needed."""
    if needed is None:
        return [(-1, None)]
    return [
        (index, free_pairs(request, calendar, room_opening(request, calendar)))
        for index, calendar in enumerate(needed)
    ]


def _fitting(request: SlotRequest, starts: list[int], pairs: Pairs | None) -> list[int]:
    return starts if pairs is None else starts_in(request, starts, pairs)


def _first_combination(
    request: SlotRequest, starts: list[int], who: int, rooms: _Free, devices: _Free
) -> list[tuple[int, int, int, int]]:
    """Each start with its first free room and first free device.

    Whether a room is free does not depend on the device, so the two are chosen apart.
    """
    room_of = _first_free(request, starts, rooms)
    device_of = _first_free(request, list(room_of), devices)
    return [(start, who, room_of[start], device) for start, device in device_of.items()]


def _first_free(request: SlotRequest, starts: list[int], free: _Free) -> dict[int, int]:
    chosen: dict[int, int] = {}
    for index, pairs in free:
        fitting = _fitting(request, starts, pairs)
        if not chosen:
            chosen = dict.fromkeys(fitting, index)
        else:
            for start in fitting:
                chosen.setdefault(start, index)
        if len(chosen) == len(starts):
            break
    return dict(sorted(chosen.items()))


def _every_combination(
    request: SlotRequest, starts: list[int], who: int, rooms: _Free, devices: _Free
) -> list[tuple[int, int, int, int]]:
    rows: list[tuple[int, int, int, int]] = []
    for room, room_pairs in rooms:
        in_room = _fitting(request, starts, room_pairs)
        for device, device_pairs in devices:
            fitting = _fitting(request, in_room, device_pairs)
            rows.extend((start, who, room, device) for start in fitting)
    return rows


def _first_of_each_start(
    rows: list[tuple[int, int, int, int]],
) -> list[tuple[int, int, int, int]]:
    first: dict[int, tuple[int, int, int, int]] = {}
    for row in rows:
        first.setdefault(row[0], row)
    return list(first.values())


def _slots(
    request: SlotRequest, resources: Resources, rows: list[tuple[int, int, int, int]]
) -> list[Slot]:
    people = [practitioner.id for practitioner in resources.practitioners]
    # Index -1 (none needed) picks the None at the end.
    rooms = [*(room.id for room in resources.rooms or ()), None]
    devices = [*(device.id for device in resources.devices or ()), None]
    duration = request.duration
    at = {start: _EPOCH + timedelta(seconds=start) for start in {row[0] for row in rows}}
    return [
        Slot(at[start], at[start] + duration, people[who], rooms[room], devices[device])
        for start, who, room, device in rows
    ]


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


def _by_day(pairs: Pairs, zone: tzinfo) -> dict[date, int]:
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


def _shared_blocks(resources: Resources) -> Pairs:
    closed = _spans(absence.during for absence in resources.closures)
    return merge_pairs([*closed, *_spans(resources.patient_busy)])


def _within(request: SlotRequest) -> Pairs:
    return merge_pairs([(_ceil(request.within.start), _floor(request.within.end))])


def _spans(intervals: Iterable[Interval[datetime]]) -> Pairs:
    return merge_pairs((_floor(i.start), _ceil(i.end)) for i in intervals)


def _floor(at: datetime) -> int:
    since = at - _EPOCH
    return since.days * _DAY + since.seconds


def _ceil(at: datetime) -> int:
    since = at - _EPOCH
    return since.days * _DAY + since.seconds + (since.microseconds > 0)


def _time_seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second
