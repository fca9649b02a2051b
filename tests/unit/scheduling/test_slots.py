"""Free slots, proven against a search that tests every start by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import product
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days, day_interval, local_date, to_utc
from mesoclinic.common.intervals import Interval
from scheduling.domain.slots import (
    Absence,
    HoursBlock,
    Pick,
    ResourceCalendar,
    Resources,
    Slot,
    SlotRequest,
    day_load,
    free_intervals,
    free_slots,
    open_intervals,
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


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_every_combination_is_what_the_slow_search_finds(
    world: tuple[SlotRequest, Resources],
) -> None:
    request, resources = world
    assert sorted(free_slots(request, resources, Pick.EACH_COMBINATION), key=_key) == sorted(
        slow_slots(request, resources), key=_key
    )


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_the_other_picks_are_the_first_of_every_combination(
    world: tuple[SlotRequest, Resources],
) -> None:
    request, resources = world
    every = free_slots(request, resources, Pick.EACH_COMBINATION)
    per_person: dict[object, Slot] = {}
    per_start: dict[object, Slot] = {}
    for slot in every:
        per_person.setdefault((slot.start, slot.practitioner_id), slot)
        per_start.setdefault(slot.start, slot)
    assert free_slots(request, resources, Pick.EACH_PRACTITIONER) == list(per_person.values())
    assert free_slots(request, resources, Pick.EACH_START) == list(per_start.values())


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_free_intervals_hold_every_slot_and_nothing_taken(
    world: tuple[SlotRequest, Resources],
) -> None:
    request, resources = world
    person = resources.practitioners[0]
    free = free_intervals(request, person, resources)
    alone = Resources(
        practitioners=(person,),
        closures=resources.closures,
        patient_busy=resources.patient_busy,
    )
    for slot in free_slots(request, alone):
        assert any(item.covers(Interval(slot.start, slot.end)) for item in free)
    opened = open_intervals(request, person)
    for item in free:
        assert any(hours.covers(item) for hours in opened)
        assert not any(item.overlaps(busy) for busy in person.busy)


def _key(slot: Slot) -> tuple[datetime, str, str, str]:
    return (slot.start, str(slot.practitioner_id), str(slot.room_id), str(slot.device_id))


# --- Cases by name -----------------------------------------------------------------------


def test_slots_fill_the_blocks_of_the_day() -> None:
    slots = free_slots(request_for(MONDAY, MONDAY), Resources(practitioners=(ANNE,)))
    assert clocks(slots) == [
        "09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "14:00", "14:30", "15:00", "15:30",
    ]  # fmt: skip
    assert all(slot.end - slot.start == timedelta(minutes=30) for slot in slots)


def test_the_grid_begins_with_each_block() -> None:
    odd = ResourceCalendar(resource_id("odd"), week(("09:10", "10:30"), ("14:05", "15:00")))
    slots = free_slots(request_for(MONDAY, MONDAY), Resources(practitioners=(odd,)))
    assert clocks(slots) == ["09:10", "09:40", "14:05"]


def test_buffers_may_reach_over_the_edges_of_the_day_but_not_into_a_booking() -> None:
    booked = ResourceCalendar(
        ANNE.id, week(("09:00", "12:00")), (), (span(MONDAY, "10:00", "10:30"),)
    )
    request = request_for(
        MONDAY,
        MONDAY,
        buffer_before=timedelta(minutes=15),
        buffer_after=timedelta(minutes=15),
    )
    assert clocks(free_slots(request, Resources(practitioners=(booked,)))) == [
        "09:00",
        "11:00",
        "11:30",
    ]


def test_touching_bookings_leave_the_slot_between_them() -> None:
    busy = (span(MONDAY, "09:00", "10:00"), span(MONDAY, "10:30", "12:00"))
    calendar = ResourceCalendar(ANNE.id, week(("09:00", "12:00")), (), busy)
    slots = free_slots(request_for(MONDAY, MONDAY), Resources(practitioners=(calendar,)))
    assert clocks(slots) == ["10:00"]


def test_hours_hold_only_while_they_are_valid() -> None:
    block = HoursBlock(0, time(9), time(10), add_days(MONDAY, 7), add_days(MONDAY, 14))
    calendar = ResourceCalendar(ANNE.id, (block,))
    request = request_for(MONDAY, add_days(MONDAY, 27), step=timedelta(hours=1))
    days = [
        local_date(slot.start, PARIS)
        for slot in free_slots(request, Resources(practitioners=(calendar,)))
    ]
    assert days == [add_days(MONDAY, 7), add_days(MONDAY, 14)]


def test_hours_to_midnight_meet_those_of_the_next_day() -> None:
    night = ResourceCalendar(ANNE.id, week(("22:00", "00:00"), ("00:00", "02:00")))
    request = request_for(MONDAY, add_days(MONDAY, 1), duration=timedelta(hours=3))
    slots = free_slots(request, Resources(practitioners=(night,)))
    assert clocks(slots) == ["22:00", "22:30", "23:00"]


def test_the_same_visit_keeps_its_wall_time_across_the_clock_change() -> None:
    calendar = ResourceCalendar(ANNE.id, week(("09:00", "09:30"), weekdays=range(7)))
    for change in (date(2026, 3, 29), date(2026, 10, 25)):
        request = request_for(add_days(change, -2), add_days(change, 2))
        slots = free_slots(request, Resources(practitioners=(calendar,)))
        assert clocks(slots) == ["09:00"] * 5


def test_times_that_the_clocks_skip_are_not_offered_and_repeated_ones_once() -> None:
    night = ResourceCalendar(ANNE.id, week(("01:00", "04:00"), weekdays=[6]))
    spring = free_slots(
        request_for(date(2026, 3, 29), date(2026, 3, 29)), Resources(practitioners=(night,))
    )
    assert clocks(spring) == ["01:00", "01:30", "03:00", "03:30"]
    autumn = free_slots(
        request_for(date(2026, 10, 25), date(2026, 10, 25)), Resources(practitioners=(night,))
    )
    assert clocks(autumn) == ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]
    assert autumn[3].start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_each_start_goes_to_the_first_free_in_order() -> None:
    bert = ResourceCalendar(resource_id("bert"), week(("09:00", "10:00")))
    anne = ResourceCalendar(ANNE.id, week(("09:30", "10:30")))
    blue = ResourceCalendar(resource_id("blue"), None, (), (span(MONDAY, "09:00", "09:30"),))
    red = ResourceCalendar(resource_id("red"))
    resources = Resources(practitioners=(anne, bert), rooms=(blue, red))
    chosen = free_slots(request_for(MONDAY, MONDAY), resources, Pick.EACH_START)
    assert [(slot.practitioner_id, slot.room_id) for slot in chosen] == [
        (bert.id, red.id),
        (anne.id, blue.id),
        (anne.id, blue.id),
    ]


def test_a_needed_room_that_does_not_exist_leaves_nothing() -> None:
    request = request_for(MONDAY, MONDAY)
    assert free_slots(request, Resources(practitioners=(ANNE,), rooms=())) == []
    assert free_slots(request, Resources(practitioners=())) == []


def test_seconds_in_bookings_are_counted_against_the_slot() -> None:
    late = Interval(at(MONDAY, "08:00"), at(MONDAY, "09:00") + timedelta(microseconds=1))
    calendar = ResourceCalendar(ANNE.id, week(("09:00", "10:00")), (), (late,))
    slots = free_slots(request_for(MONDAY, MONDAY), Resources(practitioners=(calendar,)))
    assert clocks(slots) == ["09:30"]


def test_the_load_of_a_day_is_the_share_of_working_time_taken() -> None:
    calendar = ResourceCalendar(
        ANNE.id,
        week(("09:00", "12:00"), ("13:00", "14:00")),
        (Absence(span(add_days(MONDAY, 1), "00:00", "23:00"), "Leave"),),
        (span(MONDAY, "08:00", "10:00"),),
    )
    request = request_for(MONDAY, add_days(MONDAY, 2))
    loads = day_load(request, Resources(practitioners=(calendar,)))
    assert loads == {(MONDAY, ANNE.id): 25, (add_days(MONDAY, 2), ANNE.id): 0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("duration", timedelta(0)),
        ("step", timedelta(0)),
        ("duration", timedelta(minutes=-5)),
        ("buffer_before", timedelta(minutes=-1)),
        ("step", timedelta(microseconds=1)),
    ],
)
def test_impossible_requests_are_refused(name: str, value: timedelta) -> None:
    with pytest.raises(ValueError, match=r"seconds|longer"):
        request_for(MONDAY, MONDAY, PARIS, **{name: value})


def test_impossible_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="end after they start"):
        HoursBlock(0, time(10), time(9))
    with pytest.raises(ValueError, match="weekday"):
        HoursBlock(7, time(9), time(10))
