"""The calendar, the course planner and Today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from scheduling.models import Appointment
from tests.benchmarks import calendar
from tests.benchmarks.client import Answer, Client, expect
from tests.benchmarks.harness import Bench, Figure
from tests.benchmarks.loading import copy
from tests.benchmarks.stories import SESSIONS, VISITS_TODAY
from tests.benchmarks.timing import Timing, measure

_FLOOR = """
SELECT a.id, a.during, a.practitioner_id, a.status, p.name, p.alert
FROM scheduling_appointment a JOIN patients_patient p ON p.id = a.patient_id
WHERE a.clinic_id = %(clinic)s AND a.during && tstzrange(%(start)s, %(end)s)
ORDER BY a.during
"""
LATE_WEEK = 22
CROWDED_WEEK = 30
"""After the layout's last week: no other row looks there."""
CROWD = 300


def week(bench: Bench) -> Sequence[Figure]:
    """The visits of a week with names, as the calendar loads them; an early week and a late one."""
    client, world = bench.client(), bench.world
    paths = {number: _feed(world.monday(number)) for number in (0, LATE_WEEK)}
    expected = {0: calendar.FIRST_WEEK, LATE_WEEK: calendar.LATER_WEEKS}
    for number, path in paths.items():
        found = _events(client, path)
        least = expected[number] * calendar.PRACTITIONERS
        assert len(found) >= least, f"{len(found)} visits in week {number}"
        assert all(event["title"] for event in found), "every visit has its name"
    start = world.start_of((0, 0, 0, 0))
    floor = bench.bare(
        _FLOOR,
        {
            "clinic": str(world.big.clinic.pk), "start": start,
            "end": start + dt.timedelta(days=7),
        },
    )  # fmt: skip
    early = bench.page("week", client, paths[0], floor, accept="application/json")
    ratio = _against(bench, client, paths[0], paths[LATE_WEEK])
    page = bench.page(
        "week-page", client, f"/calendar/?view=week&date={world.monday(0).isoformat()}"
    )
    return [early, ratio, page]


def day(bench: Bench) -> Sequence[Figure]:
    """The feed of a day with 300 visits, and what an open calendar asks every few seconds."""
    client, path = bench.client(), _feed_of_day(_crowd(bench))
    assert len(_events(client, path)) == CROWD, "every visit of the day is in the feed"
    start = bench.world.start_of((CROWDED_WEEK, 0, 0, 0)).replace(hour=0)
    values = {
        "clinic": str(bench.world.big.clinic.pk), "start": start,
        "end": start + dt.timedelta(days=1),
    }  # fmt: skip
    floor = bench.bare(_FLOOR, values)
    feed = bench.page("day-300", client, path, floor, accept="application/json")
    etag = client.get(path, accept="application/json").headers["ETag"]

    def ask(_number: int) -> Answer:
        return client.get(path, accept="application/json", headers={"If-None-Match": etag})

    timing = measure(lambda n: expect(ask(n), 304), repeat=bench.plan.repeat, warm_up=4)
    poll = Figure("day-poll", timing.median, timing.p95, floor=bench.pages.get("empty"))
    return [feed, poll]


def _crowd(bench: Bench) -> dt.date:
    """Sixty visits of ten minutes for each of five practitioners, in a week nobody else measures."""
    house, world = bench.world.big, bench.world
    day = world.monday(CROWDED_WEEK)
    begin = world.start_of((CROWDED_WEEK, 0, 0, 0))
    ten = dt.timedelta(minutes=10)
    people = calendar.PRACTITIONERS
    copy(
        Appointment,
        (
            Appointment(
                clinic=house.clinic, patient_id=world.patients[number % len(world.patients)],
                practitioner_id=house.practitioner(number % people),
                room=house.rooms[number % people], visit_type=house.visit_type,
                during=DateTimeTZRange(at, at + ten), occupies=DateTimeTZRange(at, at + ten),
            )
            for number in range(CROWD)
            for at in [begin + number // people * ten]
        ),
    )  # fmt: skip
    return day


def _feed_of_day(date: dt.date) -> str:
    end = date + dt.timedelta(days=1)
    return f"/calendar/feed/?start={date.isoformat()}T00:00&end={end.isoformat()}T00:00"


def course(bench: Bench) -> Sequence[Figure]:
    """Three proposals for twelve sessions among five practitioners over half a year."""
    client, path = bench.client(), f"/plans/{bench.world.course_plan}/course/"
    text = expect(client.get(path), 200).text
    assert text.count('name="visit"') >= SESSIONS, "a time for every session is proposed"
    return [bench.page("course", client, path)]


def today(bench: Bench) -> Sequence[Figure]:
    """The start page of a practitioner in a clinic with forty visits today."""
    house = bench.world.small
    client = bench.client(house.practitioner(0))
    text = expect(client.get("/"), 200).text
    assert text.count("/patients/") >= VISITS_TODAY, "today's patients are shown"
    return [bench.page("today", client, "/")]


def _against(bench: Bench, client: Client, early: str, late: str) -> Figure:
    """The late week against the early one, asked in turn so that both see the same machine."""
    timing = measure(
        lambda number: expect(
            client.get((early, late)[number % 2], accept="application/json"), 200
        ),
        repeat=2 * bench.plan.repeat,
        warm_up=4,
    )
    first, second = Timing(timing.samples[::2]), Timing(timing.samples[1::2])
    return Figure("week-22", second.median / first.median, note=f"{second.median:.1f} ms")


def _feed(monday: dt.date) -> str:
    end = monday + dt.timedelta(days=7)
    return f"/calendar/feed/?start={monday.isoformat()}T00:00&end={end.isoformat()}T00:00"


def _events(client: Client, path: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = expect(
        client.get(path, accept="application/json"), 200
    ).json()["events"]
    return found
