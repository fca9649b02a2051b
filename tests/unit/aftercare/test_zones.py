"""Reminders across both clock changes, in ten zones: none skipped, doubled, or at the wrong hour."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aftercare.domain.timing import (
    Offset,
    OffsetUnit,
    SendingHours,
    StepTiming,
    schedule,
)
from mesoclinic.common.calendar import local_date, to_utc

# Both hemispheres, half hours, a change of half an hour, at midnight, and none at all.
ZONES = [
    "Europe/Paris", "Europe/London", "Europe/Lisbon", "America/New_York", "America/St_Johns",
    "America/Santiago", "Australia/Sydney", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata",
]  # fmt: skip
HOURS = SendingHours()
STEPS = json.loads(
    (Path(__file__).resolve().parents[3] / "aftercare" / "data" / "programme.json").read_text()
)


def changes(zone: ZoneInfo) -> list[dt.date]:
    """The local days of 2026 on which the clock is moved; two days in spring and autumn without."""
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    noon = [dt.datetime.combine(day, dt.time(12), zone).utcoffset() for day in days]
    found = [days[n] for n in range(1, 365) if noon[n] != noon[n - 1]]
    return found or [dt.date(2026, 3, 29), dt.date(2026, 10, 25)]


def timing(step: dict[str, object]) -> StepTiming:
    """A default step as the rules read it."""
    wall = step.get("at_local_time")
    return StepTiming(
        offset=Offset(int(str(step["offset"])), OffsetUnit(str(step["offset_unit"]))),
        at_local_time=dt.time.fromisoformat(str(wall)) if wall else None,
        urgent=bool(step.get("is_urgent")),
    )


@pytest.mark.parametrize("name", ZONES)
def test_every_reminder_of_every_visit_around_a_change_comes_once_at_its_hour(name: str) -> None:
    zone = ZoneInfo(name)
    reminders = [step for step in STEPS if step["anchor"] in {"visit", "signed", "finished"}]
    checked = 0
    for change in changes(zone):
        for day in (change + dt.timedelta(days=n) for n in range(-4, 9)):
            for hour in (8, 10, 13, 17, 19):
                anchor = to_utc(dt.datetime.combine(day, dt.time(hour, 30)), zone)
                for step in reminders:
                    check(anchor, day, hour, timing(step), zone)
                    checked += 1
    assert checked >= 2 * 13 * 5 * len(reminders)


def check(anchor: dt.datetime, day: dt.date, hour: int, step: StepTiming, zone: ZoneInfo) -> None:
    """One message: planned once, on the right local day, at the right wall-clock time."""
    planned = schedule(anchor, step, zone, anchor - dt.timedelta(days=400), HOURS)
    assert planned.skipped is None
    assert planned.due_at < planned.expires_at
    local = planned.due_at.astimezone(zone)
    if not step.urgent:
        assert HOURS.start <= local.time() <= HOURS.end
    assert (planned.due_at < anchor) is step.offset.before
    if step.offset.unit is OffsetUnit.DAYS and step.offset.amount:
        wanted = day + dt.timedelta(days=step.offset.amount)
        assert local_date(planned.due_at, zone) == wanted
        assert local.time() == (step.at_local_time or dt.time(hour, 30))
    if step.offset.unit is OffsetUnit.HOURS and hour >= 13:
        # Elapsed time: three hours are three hours, also through a night that is longer.
        assert anchor - planned.due_at == dt.timedelta(hours=-step.offset.amount)


def test_the_rule_notices_a_planner_that_forgets_the_clock() -> None:
    """Planted bug: days counted as 24 hours come at the wrong hour across a change."""
    zone = ZoneInfo("Europe/Paris")
    anchor = to_utc(dt.datetime.combine(dt.date(2026, 3, 30), dt.time(10, 30)), zone)
    naive = anchor - dt.timedelta(hours=48)
    right = schedule(anchor, StepTiming(Offset(-2, OffsetUnit.DAYS)), zone, naive, HOURS)
    assert naive.astimezone(zone).hour == 9
    assert right.due_at.astimezone(zone).hour == 10
