"""Calendars by hand and by chance, and the search for free times said slowly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import product
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days, day_interval, local_date, to_utc
from mesoclinic.common.intervals import Interval
from scheduling.domain.slots import (
    Absence,
    HoursBlock,
    ResourceCalendar,
    Resources,
    Slot,
    SlotRequest,
)

PARIS = ZoneInfo("Europe/Paris")
SPACE = UUID("00000000-0000-0000-0000-00000000c11c")
MONDAY = date(2026, 3, 2)
MINUTE = timedelta(minutes=1)


def resource_id(name: str) -> UUID:
    return uuid5(SPACE, name)


def at(day: date, clock: str, zone: ZoneInfo = PARIS) -> datetime:
    return to_utc(datetime.combine(day, time.fromisoformat(clock)), zone)


def span(day: date, start: str, end: str, zone: ZoneInfo = PARIS) -> Interval[datetime]:
    return Interval(at(day, start, zone), at(day, end, zone))


def week(*clock: tuple[str, str], weekdays: Sequence[int] = range(5)) -> tuple[HoursBlock, ...]:
    return tuple(
        HoursBlock(weekday, time.fromisoformat(start), time.fromisoformat(end))
        for weekday in weekdays
        for start, end in clock
    )


def request_for(first: date, last: date, zone: ZoneInfo = PARIS, **more: object) -> SlotRequest:
    within = Interval(day_interval(first, zone).start, day_interval(last, zone).end)
    given = {"duration": timedelta(minutes=30), "step": timedelta(minutes=30), **more}
    return SlotRequest(within=within, zone=zone, **given)  # type: ignore[arg-type]


def clocks(slots: Sequence[Slot], zone: ZoneInfo = PARIS) -> list[str]:
    return [slot.start.astimezone(zone).strftime("%H:%M") for slot in slots]


ANNE = ResourceCalendar(resource_id("anne"), week(("09:00", "12:00"), ("14:00", "16:00")))


# --- The same thing, said slowly ---------------------------------------------------------


def _inside_hours(during: Interval[datetime], calendar: ResourceCalendar, zone: tzinfo) -> bool:
    """Whether each minute of `during` lies in some block of some day."""
    if calendar.hours is None:
        return True
    blocks = []
    day = add_days(local_date(during.start, zone), -2)
    for n in range(5):
        on = add_days(day, n)
        for block in calendar.hours:
            valid = (block.valid_from or date.min) <= on <= (block.valid_until or date.max)
            if block.weekday == on.weekday() and valid:
                end_day = add_days(on, 1) if block.ends == time(0) else on
                start = to_utc(datetime.combine(on, block.starts), zone)
                end = to_utc(datetime.combine(end_day, block.ends), zone)
                blocks.append((start, end))
    minute = during.start
    while minute < during.end:
        if not any(start <= minute < end for start, end in blocks):
            return False
        minute += MINUTE
    return True


def _on_grid(start: datetime, calendar: ResourceCalendar, request: SlotRequest) -> bool:
    """Whether the wall clock shows a whole number of steps from the start of a block."""
    wall = start.astimezone(request.zone).replace(tzinfo=None, fold=0)
    if to_utc(wall, request.zone) != start:
        return False  # the second showing of a repeated time
    for block in calendar.hours or (HoursBlock(wall.weekday(), time(0), time(0)),):
        begin = datetime.combine(wall.date(), block.starts)
        end = datetime.combine(wall.date(), block.ends)
        if block.ends == time(0):
            end += timedelta(days=1)
        valid = (block.valid_from or date.min) <= wall.date() <= (block.valid_until or date.max)
        fits = begin <= wall < end and (wall - begin) % request.step == timedelta(0)
        if valid and fits and block.weekday == wall.weekday():
            return True
    return False


def _free(during: Interval[datetime], calendar: ResourceCalendar, request: SlotRequest) -> bool:
    occupies = Interval(during.start - request.buffer_before, during.end + request.buffer_after)
    return (
        _inside_hours(during, calendar, request.zone)
        and not any(absence.during.overlaps(during) for absence in calendar.absences)
        and not any(busy.overlaps(occupies) for busy in calendar.busy)
    )


def _possible(during: Interval[datetime], resources: Resources, request: SlotRequest) -> bool:
    if not request.within.covers(during):
        return False
    if request.now is not None:
        if during.start < request.now + request.notice:
            return False
        if request.horizon is not None and during.start > request.now + request.horizon:
            return False
    taken = [*(c.during for c in resources.closures), *resources.patient_busy]
    return not any(item.overlaps(during) for item in taken)


def slow_slots(request: SlotRequest, resources: Resources) -> list[Slot]:
    """Every combination, by testing each minute as a start."""
    found = []
    start = request.within.start
    while start < request.within.end:
        during = Interval(start, start + request.duration)
        if _possible(during, resources, request):
            for who, room, device in product(
                resources.practitioners, resources.rooms or [None], resources.devices or [None]
            ):
                needed = [c for c in (who, room, device) if c is not None]
                if _on_grid(start, who, request) and all(
                    _free(during, calendar, request) for calendar in needed
                ):
                    ids = (room.id if room else None, device.id if device else None)
                    found.append(Slot(during.start, during.end, who.id, *ids))
        start += MINUTE
    missing = resources.rooms == () or resources.devices == ()
    return [] if missing else found


# --- Random worlds around clock changes --------------------------------------------------

CHANGES = [
    ("Europe/Paris", date(2026, 3, 29)),
    ("Europe/Paris", date(2026, 10, 25)),
    ("Europe/Dublin", date(2026, 3, 29)),
    ("Europe/Dublin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/St_Johns", date(2026, 3, 8)),
    ("America/St_Johns", date(2026, 11, 1)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Pacific/Apia", date(2012, 4, 1)),
    ("America/Havana", date(2026, 3, 8)),
    ("Europe/Paris", date(2026, 6, 10)),
]
quarter_hours = st.integers(0, 95)


@st.composite
def hours_blocks(draw: st.DrawFn, day: date) -> HoursBlock:
    start = draw(st.integers(0, 90))
    end = draw(st.integers(start + 1, 96))
    weekday = draw(st.sampled_from([(day.weekday() + n) % 7 for n in (-1, 0, 0, 0, 1)]))
    clock = [time(q // 4 % 24, q % 4 * 15) for q in (start, end)]
    valid_until = draw(st.sampled_from([None, None, None, day]))
    valid_from = draw(st.sampled_from([None, None, None, day]))
    return HoursBlock(weekday, clock[0], clock[1], valid_from, valid_until)


@st.composite
def stretches(draw: st.DrawFn, day: date, zone: ZoneInfo) -> Interval[datetime]:
    base = day_interval(day, zone).start
    start = base + timedelta(minutes=5 * draw(st.integers(-60, 280)))
    return Interval(start, start + timedelta(minutes=5 * draw(st.integers(1, 60))))


@st.composite
def calendars(
    draw: st.DrawFn, name: str, day: date, zone: ZoneInfo, always: bool
) -> ResourceCalendar:
    blocks = st.lists(hours_blocks(day), min_size=1, max_size=3).map(tuple)
    hours = draw(st.none() | blocks) if always else draw(blocks)
    absences = draw(st.lists(stretches(day, zone).map(Absence), max_size=1))
    busy = draw(st.lists(stretches(day, zone), max_size=3))
    return ResourceCalendar(resource_id(name), hours, tuple(absences), tuple(busy))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[SlotRequest, Resources]:
    name, day = draw(st.sampled_from(CHANGES))
    zone = ZoneInfo(name)
    minutes = st.sampled_from([0, 5, 10, 15])
    now = day_interval(day, zone).start + timedelta(minutes=draw(st.integers(-600, 600)))
    limits: dict[str, object] = draw(
        st.sampled_from(
            [
                {},
                {"now": now},
                {"now": now, "notice": timedelta(hours=3)},
                {"now": now, "horizon": timedelta(hours=9)},
            ]
        )
    )
    request = request_for(
        day,
        day,
        zone,
        duration=timedelta(minutes=draw(st.sampled_from([10, 20, 45, 90]))),
        step=timedelta(minutes=draw(st.sampled_from([10, 15, 20, 40]))),
        buffer_before=timedelta(minutes=draw(minutes)),
        buffer_after=timedelta(minutes=draw(minutes)),
        **limits,
    )
    people = tuple(
        draw(calendars(f"person {n}", day, zone, always=n > 0))
        for n in range(draw(st.integers(1, 2)))
    )
    rooms = draw(st.none() | st.just(()) | st.integers(1, 2).map(lambda n: tuple(range(n))))
    resources = Resources(
        practitioners=people,
        rooms=None
        if rooms is None
        else tuple(draw(calendars(f"room {n}", day, zone, always=True)) for n in rooms),
        devices=draw(
            st.none() | calendars("device", day, zone, always=True).map(lambda device: (device,))
        ),
        closures=tuple(draw(st.lists(stretches(day, zone).map(Absence), max_size=1))),
        patient_busy=tuple(draw(st.lists(stretches(day, zone), max_size=1))),
    )
    return request, resources
