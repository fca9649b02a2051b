"""Ten zones across both clock changes: intervals are local days, no visit is an hour off."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from mesoclinic.common.calendar import add_days, day_interval, local_date
from mesoclinic.common.intervals import Interval
from scheduling.domain.courses import CourseRequest, Preferences, Visit, plan_course
from scheduling.domain.courses import replan_after_move as replan
from scheduling.domain.slots import (
    HoursBlock,
    ResourceCalendar,
    Resources,
    Slot,
    SlotRequest,
    free_slots,
)
from treatments.domain.protocol import Gap, SessionSpec, Window

# Apia and Tehran have given summer time up since these years.
YEARS = {
    "Australia/Lord_Howe": 2026, "Europe/Dublin": 2026, "Africa/Casablanca": 2026,
    "America/St_Johns": 2026, "Pacific/Apia": 2020, "Europe/Paris": 2026,
    "America/New_York": 2026, "Pacific/Chatham": 2026, "Asia/Tehran": 2019,
    "America/Santiago": 2026,
}  # fmt: skip
WHO = UUID(int=7)
GAP = Gap(7, 7, 10)
SESSIONS = 5
DAYS = SESSIONS * 10 + 10


def changes(zone: ZoneInfo, year: int) -> list[date]:
    """The days on which the clocks change: there and back at least."""
    found = []
    day = date(year, 1, 1)
    while day.year == year:
        noon = datetime.combine(day, time(12), zone)
        if noon.utcoffset() != datetime.combine(add_days(day, -1), time(12), zone).utcoffset():
            found.append(day)
        day = add_days(day, 1)
    assert len(found) >= 2, zone
    return found


CASES = [(name, day) for name, year in YEARS.items() for day in changes(ZoneInfo(name), year)]
# Samoa left out 30 December 2011 when it crossed the date line.
CASES.append(("Pacific/Apia", date(2011, 12, 31)))


def candidates(zone: ZoneInfo, first: date) -> list[Slot]:
    """Every day from nine to five, every hour."""
    hours = tuple(HoursBlock(day, time(9), time(17)) for day in range(7))
    within = Interval(
        day_interval(first, zone).start, day_interval(add_days(first, DAYS), zone).end
    )
    request = SlotRequest(
        within=within, zone=zone, duration=timedelta(minutes=45), step=timedelta(minutes=60)
    )
    return free_slots(request, Resources(practitioners=(ResourceCalendar(WHO, hours),)))


def course(zone: ZoneInfo, first: date) -> CourseRequest:
    """Weekly sessions, at ten o'clock if that can be had."""
    specs = tuple(SessionSpec(n, "", 0, None if n == 1 else GAP) for n in range(1, SESSIONS + 1))
    return CourseRequest(
        sessions=specs, first=Window.open_from(first), until=add_days(first, DAYS), zone=zone,
        candidates=candidates(zone, first), preferences=Preferences(times=(time(10), time(10, 1))),
    )  # fmt: skip


@pytest.mark.parametrize(("name", "change"), CASES)
def test_a_weekly_course_keeps_its_hour_across_the_change(name: str, change: date) -> None:
    zone = ZoneInfo(name)
    plan = plan_course(course(zone, add_days(change, -24))).best
    clocks = [visit.slot.start.astimezone(zone).time() for visit in plan.visits]
    assert clocks == [time(10)] * SESSIONS
    gaps = {(b.day - a.day).days for a, b in pairwise(plan.visits)}
    # Samoa's missing day was a Friday: a course that would fall on it gives way by a day.
    assert gaps == {7} or (name == "Pacific/Apia" and change.year == 2011 and gaps <= {7, 8, 6, 9})
    assert all(visit.slot.end - visit.slot.start == timedelta(minutes=45) for visit in plan.visits)


@pytest.mark.parametrize(("name", "change"), CASES)
def test_moving_across_the_change_leaves_the_rest_alone(name: str, change: date) -> None:
    """The third visit moves by a day: the others still fit their windows of seven to ten days."""
    zone = ZoneInfo(name)
    request = course(zone, add_days(change, -24))
    visits = [Visit(one.number, one.slot) for one in plan_course(request).best.visits]
    assert replan(request, visits, visits[2]).changes == ()
    last = visits[-1]
    later = next(
        slot
        for slot in request.candidates  # type: ignore[union-attr]
        if local_date(slot.start, zone) == add_days(local_date(last.slot.start, zone), 1)
    )
    result = replan(request, visits, Visit(last.number, later))
    assert [one.number for one in result.changes] == [last.number]
    assert result.off_protocol == ()


@pytest.mark.parametrize(("name", "year"), YEARS.items())
def test_a_day_of_slots_has_every_local_hour_once(name: str, year: int) -> None:
    """Also on the day of the change: nobody is offered a time that does not exist, or twice."""
    zone = ZoneInfo(name)
    for change in changes(zone, year):
        found = [
            slot for slot in candidates(zone, change) if local_date(slot.start, zone) == change
        ]
        walls = [slot.start.astimezone(zone).strftime("%H:%M") for slot in found]
        assert walls == sorted(set(walls))
        assert (walls[0], walls[-1]) == ("09:00", "16:00")
        assert all(slot.start.tzinfo is UTC for slot in found)
