"""What every row has at hand, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg2

from tests.benchmarks import calendar, probe
from tests.benchmarks.client import Answer, Client, expect
from tests.benchmarks.stage import WORKERS, Stage, new_session
from tests.benchmarks.timing import Timing, measure
from tests.benchmarks.world import World

EMPTY = "/bench/empty/"


@dataclass(frozen=True)
class Figure:
    """One measured row: `value` in the row's unit, its floor and what belongs to it."""

    key: str
    value: float
    p95: float | None = None
    queries: int | None = None
    floor: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """How often things are done."""

    repeat: int = 100
    bookings: int = 200
    contested: int = 20
    messages: int = 10_000
    profile: bool = False


@dataclass
class Bench:
    """The stage, the data set and somebody signed in."""

    stage: Stage
    world: World
    plan: Plan
    sql: psycopg2.extensions.connection
    profiles: dict[str, str] = field(default_factory=dict)
    pages: dict[str, float] = field(default_factory=dict)

    def client(self, staff_id: UUID | None = None) -> Client:
        """A new session on a new connection; the desk of the big clinic unless told otherwise."""
        who = staff_id or self.world.big.desk.staff_id
        return Client(self.stage.port, new_session(str(who)))

    def clients(self, count: int) -> list[Client]:
        """Sessions spread evenly over the web processes, as a proxy in front spreads them."""
        chosen: list[Client] = []
        share: dict[str, int] = {}
        while len(chosen) < count:
            client = self.client()
            for _attempt in range(50):
                process = client.process(EMPTY)
                if share.get(process, 0) < -(-count // WORKERS):
                    break
                client.close()
            share[process] = share.get(process, 0) + 1
            chosen.append(client)
        return chosen

    def timed(
        self, key: str, action: Callable[[int], Answer], ask: Callable[[str], Answer] | None = None
    ) -> tuple[Timing, int | None]:
        """Time `action`; with `ask` (the same request with a probe) count its queries as well."""
        timing = measure(action, repeat=self.plan.repeat, warm_up=max(3, self.plan.repeat // 10))
        queries = None
        if ask is not None:
            queries = int(ask(probe.QUERIES).headers["X-Queries"])
            if self.plan.profile:
                self.profiles[key] = ask(probe.PROFILE).text
        return timing, queries

    def page(
        self, key: str, client: Client, path: str, floor: float | None = None, *, accept: str = ""
    ) -> Figure:
        """Measure a GET that needs no care; its floor is the empty page unless given."""
        kind = accept or "text/html"
        timing, queries = self.timed(
            key,
            lambda _number: expect(client.get(path, accept=kind), 200),
            lambda ask: client.get(path, accept=kind, ask=ask),
        )
        bottom = self.pages.get("empty") if floor is None else floor
        return Figure(key, timing.median, timing.p95, queries, bottom)

    def free(self, practitioner: int, weeks: range) -> list[calendar.Slot]:
        """Slots that are free now: not in the layout, and not booked by a row before."""
        house = self.world.big
        with self.sql.cursor() as cursor:
            cursor.execute(
                "SELECT lower(during) FROM scheduling_appointment "
                "WHERE practitioner_id = %s AND status <> 'cancelled'",
                [str(house.practitioner(practitioner))],
            )
            booked = {start for (start,) in cursor.fetchall()}
        slots = self.world.free(practitioner, weeks)
        return [slot for slot in slots if self.world.start_of(slot) not in booked]

    def bare(self, sql: str, values: Any, *, repeat: int = 0) -> float:
        """The median of a bare query with all its rows fetched, in milliseconds."""

        def run(_number: int) -> object:
            with self.sql.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall()

        return measure(run, repeat=repeat or self.plan.repeat).median


RowMaker = Callable[[Bench], Sequence[Figure]]
