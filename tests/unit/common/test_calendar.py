"""Local calendar arithmetic over zones with unusual clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.common.calendar import (
    add_days,
    add_months,
    day_interval,
    local_date,
    to_local,
    to_utc,
)

ZONES = [
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Africa/Casablanca",
    "America/St_Johns",
    "Pacific/Apia",
    "Europe/Paris",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "UTC",
]
wall_time = datetime.fromisoformat  # what a clock shows, without a zone
zones = st.sampled_from(ZONES).map(ZoneInfo)
walls = st.datetimes(
    min_value=wall_time("1990-01-01 00:00"), max_value=wall_time("2037-01-01 00:00")
)
instants = walls.map(lambda at: at.replace(tzinfo=UTC))
calendar_days = st.dates(min_value=date(1990, 1, 1), max_value=date(2037, 1, 1))


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


@given(walls, zones)
def test_to_utc_is_the_first_instant_that_shows_the_time_or_a_later_one(
    wall: datetime, zone: ZoneInfo
) -> None:
    instant = to_utc(wall, zone)
    assert instant.tzinfo is UTC
    shown = wall_of(instant, zone)
    if shown == wall:
        # No earlier showing: the same wall time with fold 0 is the first.
        assert instant == wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    else:
        assert shown > wall
        # The instant just before shows a time before the skipped one.
        assert wall_of(instant - timedelta(seconds=1), zone) < wall


@given(instants, zones)
def test_every_instant_comes_back_from_its_wall_time_or_from_its_first_showing(
    instant: datetime, zone: ZoneInfo
) -> None:
    back = to_utc(wall_of(instant, zone), zone)
    assert back <= instant
    assert wall_of(back, zone) == wall_of(instant, zone)


def transitions(zone: ZoneInfo, year: int) -> list[datetime]:
    """Hours of a year in which the offset changes, found by walking it."""
    found, at = [], datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        if (
            at.astimezone(zone).utcoffset()
            != (at + timedelta(hours=1)).astimezone(zone).utcoffset()
        ):
            found.append(at + timedelta(hours=1))
        at += timedelta(hours=1)
    return found


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("year", [2011, 2018, 2026])
def test_every_minute_around_every_change_obeys_the_rule(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    for change in transitions(zone, year):
        middle = wall_of(change, zone).replace(second=0, microsecond=0)
        for minute in range(-200, 200, 5):
            wall = middle + timedelta(minutes=minute)
            instant = to_utc(wall, zone)
            shown = wall_of(instant, zone)
            assert shown >= wall
            assert wall_of(instant - timedelta(minutes=1), zone) != wall or shown == wall
            if shown != wall:
                assert wall_of(instant - timedelta(seconds=1), zone) < wall


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        # Spring: 02:30 is skipped, the first time after is 03:00.
        ("Europe/Paris", wall_time("2026-03-29 02:30"), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        # Autumn: 02:30 is shown twice, the first is summer time.
        ("Europe/Paris", wall_time("2026-10-25 02:30"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # Dublin calls winter the exception; its clocks do the same.
        ("Europe/Dublin", wall_time("2026-03-29 01:30"), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Dublin", wall_time("2026-10-25 01:30"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # Lord Howe changes by half an hour.
        (
            "Australia/Lord_Howe",
            wall_time("2026-10-04 02:15"),
            datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
        ),
        (
            "Australia/Lord_Howe",
            wall_time("2026-04-05 01:45"),
            datetime(2026, 4, 4, 14, 45, tzinfo=UTC),
        ),
        # Apia left out 30 December 2011 altogether.
        ("Pacific/Apia", wall_time("2011-12-30 12:00"), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        # Casablanca goes back for Ramadan and forward after it.
        ("Africa/Casablanca", wall_time("2026-03-22 02:30"), datetime(2026, 3, 22, 2, tzinfo=UTC)),
        (
            "Africa/Casablanca",
            wall_time("2026-02-15 02:30"),
            datetime(2026, 2, 15, 1, 30, tzinfo=UTC),
        ),
        (
            "America/St_Johns",
            wall_time("2026-03-08 02:30"),
            datetime(2026, 3, 8, 5, 30, tzinfo=UTC),
        ),
    ],
)
def test_known_changes(zone: str, wall: datetime, expected: datetime) -> None:
    assert to_utc(wall, ZoneInfo(zone)) == expected


@given(calendar_days, zones)
def test_following_days_meet_and_begin_on_themselves(day: date, zone: ZoneInfo) -> None:
    if zone.key == "Pacific/Apia" and date(2011, 12, 29) <= day <= date(2011, 12, 30):
        return
    today, tomorrow = day_interval(day, zone), day_interval(add_days(day, 1), zone)
    assert today.end == tomorrow.start
    assert local_date(today.start, zone) == day
    assert timedelta(hours=22) < today.duration < timedelta(hours=26)


def test_a_day_that_was_left_out_is_refused() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        day_interval(date(2011, 12, 30), ZoneInfo("Pacific/Apia"))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Paris", date(2026, 3, 29), 23),
        ("Europe/Paris", date(2026, 10, 25), 25),
        ("Europe/Paris", date(2026, 6, 1), 24),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ],
)
def test_length_of_days(zone: str, day: date, hours: float) -> None:
    assert day_interval(day, ZoneInfo(zone)).duration == timedelta(hours=hours)


@given(calendar_days, st.integers(-600, 600))
def test_months_keep_the_day_or_end_with_the_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and add_days(later, 1).month != later.month)


@given(calendar_days, calendar_days, st.integers(0, 24))
def test_adding_months_keeps_the_order_of_days(one: date, other: date, months: int) -> None:
    low, high = sorted((one, other))
    assert add_months(low, months) <= add_months(high, months)


def test_month_ends() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2027, 12, 31), 2) == date(2028, 2, 29)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)


@given(calendar_days, st.integers(-500, 500), zones)
def test_days_are_calendar_days_whatever_the_clocks_do(day: date, n: int, zone: ZoneInfo) -> None:
    nine = time(9)
    later = to_utc(datetime.combine(add_days(day, n), nine), zone)
    assert (add_days(day, n) - day).days == n
    if (zone.key, add_days(day, n)) != ("Pacific/Apia", date(2011, 12, 30)):
        assert to_local(later, zone).time() == nine


def test_naive_and_aware_are_not_confused() -> None:
    utc = ZoneInfo("UTC")
    with pytest.raises(ValueError, match="naive"):
        to_utc(datetime(2026, 1, 1, tzinfo=UTC), utc)
    with pytest.raises(ValueError, match="aware"):
        local_date(wall_time("2026-01-01 00:00"), utc)
