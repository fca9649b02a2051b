"""Free slots: cases by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from mesoclinic.common.calendar import add_days, local_date
from mesoclinic.common.intervals import Interval
from scheduling.domain.slots import (
    Absence,
    HoursBlock,
    Pick,
    ResourceCalendar,
    Resources,
    day_load,
    free_slots,
)
from tests.unit.scheduling.slot_worlds import (
    ANNE,
    MONDAY,
    PARIS,
    at,
    clocks,
    request_for,
    resource_id,
    span,
    week,
)


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
