"""Booking: alone, together, and against each other."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Iterator, Sequence
from functools import partial

from tests.benchmarks import calendar, probe
from tests.benchmarks.calendar import Slot
from tests.benchmarks.client import Answer, Client, expect
from tests.benchmarks.harness import Bench, Figure
from tests.benchmarks.timing import measure, together
from tests.benchmarks.world import World

_CREATED, _CONFLICT = 201, 409
_PATH = "/api/v1/appointments/"
CLIENTS, CROWD = 4, 20
RIVALS = 30
"""Slots that each of the four clients takes from the same practitioner."""

_ALONE_WEEKS, _TOGETHER_WEEKS, _CONTEST_WEEKS = range(10, 14), range(14, 21), range(21, 26)
_RIVAL, _CONTESTED = 1, 2
"""The practitioners whose slots are fought over."""

_LOCK = "SELECT 1 FROM clinic_staffmember WHERE id = %s FOR NO KEY UPDATE"
_INSERT = """
INSERT INTO scheduling_appointment (
    id, clinic_id, patient_id, practitioner_id, room_id, visit_type_id, during, occupies, status,
    schedule_version, off_protocol, note, created_at
) VALUES (
    %(id)s, %(clinic)s, %(patient)s, %(who)s, %(room)s, %(kind)s, tstzrange(%(start)s, %(end)s),
    tstzrange(%(start)s, %(end)s), 'booked', 1, false, '', now()
)
"""


def alone(bench: Bench) -> Sequence[Figure]:
    """One after another, across all practitioners, the patient a new one each time."""
    client, world = bench.client(), bench.world
    slots, people = _queue(bench, _ALONE_WEEKS), patients_of(world)
    timing = measure(
        lambda _n: expect(book(client, world, next(slots), next(people)), _CREATED),
        repeat=bench.plan.bookings,
    )
    slot, person = next(slots), next(people)
    counted = expect(book(client, world, slot, person, ask=probe.QUERIES), _CREATED)
    if bench.plan.profile:
        slot, person = next(slots), next(people)
        bench.profiles["book"] = book(client, world, slot, person, ask=probe.PROFILE).text
    queries = int(counted.headers["X-Queries"])
    return [Figure("book", timing.median, timing.p95, queries, _floor(bench))]


def four_clients(bench: Bench) -> Sequence[Figure]:
    """Four people at the desk, each with slots of their own."""
    world = bench.world
    each = bench.plan.bookings
    slots, people = _queue(bench, _TOGETHER_WEEKS), patients_of(world, after=4000)
    work = [[(next(slots), next(people)) for _ in range(each)] for _ in range(CLIENTS)]

    def run(client: Client, mine: list[tuple[Slot, uuid.UUID]]) -> None:
        for slot, person in mine:
            expect(book(client, world, slot, person), _CREATED)

    clients = bench.clients(CLIENTS)
    seconds = together([partial(run, *pair) for pair in zip(clients, work, strict=True)])
    return [Figure("book-4", CLIENTS * each / seconds)]


def different_slots(bench: Bench) -> Sequence[Figure]:
    """Nobody may be refused for what somebody else does at another time of the same person."""
    world = bench.world
    slots = iter(bench.free(_RIVAL, range(21, calendar.WEEKS)))
    people = patients_of(world, after=8000)
    each = min(RIVALS, bench.plan.bookings)
    work = [[(next(slots), next(people)) for _ in range(each)] for _ in range(CLIENTS)]
    statuses: list[int] = []

    def run(client: Client, mine: list[tuple[Slot, uuid.UUID]]) -> None:
        statuses.extend(book(client, world, slot, person).status for slot, person in mine)

    clients = bench.clients(CLIENTS)
    together([partial(run, *pair) for pair in zip(clients, work, strict=True)])
    refused = sum(status != _CREATED for status in statuses)
    assert set(statuses) <= {_CREATED, _CONFLICT}, sorted(set(statuses))
    return [Figure("different-slots", refused, note=f"of {len(statuses)}")]


def one_slot(bench: Bench) -> Sequence[Figure]:
    """Twenty people click the same slot at once, twenty times over."""
    world = bench.world
    slots = bench.free(_CONTESTED, _CONTEST_WEEKS)[: bench.plan.contested]
    people = patients_of(world, after=9000)
    clients = bench.clients(CROWD)
    twice, clear = 0, 0
    for slot in slots:
        answers: list[Answer] = []

        def run(client: Client, person: uuid.UUID, slot: Slot, answers: list[Answer]) -> None:
            answers.append(book(client, world, slot, person))

        together([partial(run, client, next(people), slot, answers) for client in clients])
        won = sum(answer.status == _CREATED for answer in answers)
        twice += won != 1
        assert won == _standing(bench, slot), "what was answered is what is stored"
        clear += sum(_is_clear(answer) for answer in answers)
    note = f"{clear} clear refusals of {len(slots) * (CROWD - 1)}"
    share = 380 * clear / (len(slots) * (CROWD - 1))
    return [Figure("one-slot", twice, note=note), Figure("one-slot-refusals", share)]


def book(client: Client, world: World, slot: Slot, person: uuid.UUID, *, ask: str = "") -> Answer:
    """Ask for one visit over the API."""
    house = world.big
    body = {
        "patient": str(person),
        "visit_type": str(house.visit_type.pk),
        "practitioner": str(house.practitioner(slot[1])),
        "start": world.start_of(slot).isoformat(),
        "key": uuid.uuid4().hex,
    }
    return client.post(_PATH, body, as_json=True, ask=ask)


def patients_of(world: World, after: int = 0) -> Iterator[uuid.UUID]:
    """Patients without a visit in the layout, in turn."""
    rest = world.newcomers
    return itertools.cycle(rest[after % len(rest) :] + rest[: after % len(rest)])


def _queue(bench: Bench, weeks: range) -> Iterator[Slot]:
    """The free slots of all practitioners, in order of time."""
    found = [slot for who in range(calendar.PRACTITIONERS) for slot in bench.free(who, weeks)]
    return iter(sorted(found, key=lambda slot: (slot[0], slot[2], slot[3], slot[1])))


def _is_clear(answer: Answer) -> bool:
    """A refusal that says what is wrong and offers something else."""
    if answer.status != _CONFLICT:
        return False
    problem = answer.json()
    return problem["code"] == "slot_taken" and bool(problem["message"])


def _standing(bench: Bench, slot: Slot) -> int:
    """How many visits stand in the slot."""
    house, start = bench.world.big, bench.world.start_of(slot)
    with bench.sql.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_appointment "
            "WHERE practitioner_id = %s AND lower(during) = %s AND status = 'booked'",
            [str(house.practitioner(slot[1])), start],
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def _floor(bench: Bench) -> float:
    """A lock, an insert into the same table with its constraints and trigger, a durable commit."""
    house, world = bench.world.big, bench.world
    made: list[str] = []

    def run(number: int) -> None:
        start = world.start_of(
            (calendar.WEEKS + 10 + number // 80, 3, number // 16 % 5, number % 16)
        )
        values: dict[str, str | dt.datetime] = {
            "id": str(uuid.uuid4()), "clinic": str(house.clinic.pk),
            "patient": str(world.newcomers[number]), "who": str(house.practitioner(3)),
            "room": str(house.rooms[3].pk), "kind": str(house.visit_type.pk),
            "start": start, "end": start + dt.timedelta(minutes=calendar.SLOT_MINUTES),
        }  # fmt: skip
        with bench.sql.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(_LOCK, [values["who"]])
            cursor.execute(_INSERT, values)
            cursor.execute("COMMIT")
        made.append(str(values["id"]))

    timing = measure(run, repeat=bench.plan.bookings)
    with bench.sql.cursor() as cursor:  # the layout stays as it is
        cursor.execute("DELETE FROM scheduling_appointment WHERE id = ANY (%s::uuid[])", [made])
    return timing.median
