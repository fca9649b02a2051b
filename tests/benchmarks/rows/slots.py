"""Free slots: half the work of a clinic's desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlencode

from tests.benchmarks import calendar
from tests.benchmarks.client import Client, expect
from tests.benchmarks.harness import Bench, Figure
from tests.benchmarks.world import World

MEASURED = 0
"""Which practitioner."""

# Working hours of each day minus what is booked, as multiranges: the least that must be read.
_FLOOR = """
WITH days AS (
    SELECT day, tstzmultirange(tstzrange(
        (day + h.starts) AT TIME ZONE %(zone)s, (day + h.ends) AT TIME ZONE %(zone)s
    )) AS open
    FROM generate_series(%(first)s::date, %(last)s::date, '1 day') AS day
    JOIN scheduling_workinghours h
      ON h.practitioner_id = %(who)s AND h.weekday = extract(isodow FROM day) - 1
), booked AS (
    SELECT coalesce(range_agg(occupies), '{}') AS taken FROM scheduling_appointment
    WHERE practitioner_id = %(who)s
      AND status IN ('pending', 'booked', 'confirmed', 'arrived', 'in_session', 'done')
      AND occupies && tstzrange(%(first)s::date AT TIME ZONE %(zone)s,
                                (%(last)s::date + 1) AT TIME ZONE %(zone)s)
)
SELECT slot FROM days, booked,
    unnest(open - taken) AS gap,
    generate_series(lower(gap), upper(gap) - interval '30 min', '30 min') AS slot
ORDER BY slot
"""


def eight_weeks(bench: Bench) -> Sequence[Figure]:
    """640 slots of one practitioner, 192 of them free: exactly those must come back."""
    world, weeks = bench.world, calendar.MEASURED_WEEKS
    first, last = world.monday(weeks[0]), world.monday(weeks[-1]) + dt.timedelta(days=6)
    wanted = [world.start_of(slot) for slot in world.free(MEASURED, weeks)]
    assert len(wanted) == calendar.MEASURED_FREE
    return [_measured(bench, "slots-8-weeks", (first, last), wanted)]


def one_day(bench: Bench) -> Sequence[Figure]:
    """A day in the middle of the measured weeks."""
    world = bench.world
    week, day = calendar.MEASURED_WEEKS[3], 2
    date = world.monday(week) + dt.timedelta(days=day)
    wanted = [
        world.start_of(slot)
        for slot in world.free(MEASURED, range(week, week + 1))
        if slot[2] == day
    ]
    return [_measured(bench, "slots-1-day", (date, date), wanted)]


def path_for(world: World, days: tuple[dt.date, dt.date], practitioner: int = MEASURED) -> str:
    """The address that answers with the free times of a practitioner."""
    query = {
        "visit_type": world.big.visit_type.pk,
        "practitioner": world.big.practitioner(practitioner),
        "from": days[0].isoformat(),
        "to": days[1].isoformat(),
    }
    return f"/api/v1/free-slots/?{urlencode(query)}"


def starts(client: Client, path: str) -> list[dt.datetime]:
    """The starts that the product offers."""
    answer = expect(client.get(path, accept="application/json"), 200)
    return [dt.datetime.fromisoformat(slot["start"]) for slot in answer.json()]


def _measured(
    bench: Bench, key: str, days: tuple[dt.date, dt.date], wanted: list[dt.datetime]
) -> Figure:
    client, path = bench.client(), path_for(bench.world, days)
    found = starts(client, path)
    assert found == wanted, f"{len(found)} slots offered, {len(wanted)} are free"
    house = bench.world.big
    floor = bench.bare(
        _FLOOR,
        {
            "zone": house.clinic.time_zone, "who": str(house.practitioner(MEASURED)),
            "first": days[0], "last": days[1],
        },
    )  # fmt: skip
    return bench.page(key, client, path, floor, accept="application/json")
