"""Never two people in one chair: twenty at once on the same slot, on real connections.

The planted-bug tests switch the lock and the constraints off and expect the same harness to show
double bookings: it proves that a green race means something.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection

from mesoclinic.clinic.models import Membership
from patients.models import Patient
from scheduling.models import Appointment
from scheduling.services import booking, locking
from tests import database, personas
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.integration.scheduling import race

SLOTS = 20
MONDAY = dt.date(2026, 1, 19)

_CONSTRAINTS = [
    "appointment_practitioner_once", "appointment_room_once", "appointment_device_once",
    "appointment_patient_once",
]  # fmt: skip


@pytest.fixture
def desk(transactional_db: None) -> make.Desk:
    """Committed, so that every thread sees it."""
    return make.desk(personas.ayla(personas.lices()))


@pytest.fixture
def crowd(desk: make.Desk) -> list[Patient]:
    """Twenty patients who all want the same."""
    return [treatments.patient(desk.clinic, f"Patient {n}") for n in range(race.CLIENTS)]


@pytest.fixture
def wide_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty milliseconds between the last look and the insert: who may slip in, will."""
    insert = booking.save

    def slowly(rows: list[Appointment]) -> None:
        time.sleep(0.05)
        insert(rows)

    monkeypatch.setattr(booking, "save", slowly)


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted bug: nobody waits for anybody."""
    monkeypatch.setattr(locking, "lock_parties", lambda _parties: None)


@pytest.fixture
def no_constraint(desk: make.Desk) -> Iterator[None]:
    """Planted bug: the database lets everything pass. Put back when the test is over."""
    by_name = {one.name: one for one in Appointment._meta.constraints}
    with connection.schema_editor() as editor:
        for name in _CONSTRAINTS:
            editor.remove_constraint(Appointment, by_name[name])
    yield
    database.empty()
    with connection.schema_editor() as editor:
        for name in _CONSTRAINTS:
            editor.add_constraint(Appointment, by_name[name])


def slots(desk: make.Desk) -> list[dt.datetime]:
    """Twenty slots over two days."""
    first = desk.at(MONDAY, 9)
    return [first + day * make.DAY + n * 30 * make.MINUTE for day in range(2) for n in range(10)]


def test_twenty_on_one_slot_one_wins_nineteen_are_told(
    desk: make.Desk, crowd: list[Patient]
) -> None:
    for slot in slots(desk):
        tally = race.run([partial(desk.book, who, slot) for who in crowd])
        assert (len(tally.booked), len(tally.refused)) == (1, race.CLIENTS - 1), tally
        assert not tally.deadlocks
        assert not tally.broken
        assert all(taken.next_free for taken in tally.refused)
    assert Appointment.objects.count() == SLOTS
    assert race.overlaps() == 0


@pytest.mark.usefixtures("wide_gap")
def test_one_wins_even_when_the_gap_before_the_insert_is_wide(
    desk: make.Desk, crowd: list[Patient]
) -> None:
    tally = race.run([partial(desk.book, who, slots(desk)[0]) for who in crowd])
    assert (len(tally.booked), len(tally.refused)) == (1, race.CLIENTS - 1)
    assert not tally.deadlocks


@pytest.mark.usefixtures("wide_gap", "no_lock", "no_constraint")
@pytest.mark.parametrize("attempt", range(3))
def test_planted_bug_without_lock_and_constraint_the_harness_sees_double_bookings(
    desk: make.Desk, crowd: list[Patient], attempt: int
) -> None:
    tally = race.run([partial(desk.book, who, slots(desk)[attempt]) for who in crowd])
    assert len(tally.booked) > 1
    assert race.overlaps() > 0


@pytest.mark.usefixtures("wide_gap", "no_lock")
def test_planted_bug_without_the_lock_the_constraint_still_holds(
    desk: make.Desk, crowd: list[Patient]
) -> None:
    tally = race.run([partial(desk.book, who, slots(desk)[0]) for who in crowd])
    assert len(tally.booked) <= 1
    assert race.overlaps() == 0


def test_different_slots_of_one_practitioner_refuse_nobody(
    desk: make.Desk, crowd: list[Patient]
) -> None:
    wanted = [partial(desk.book, who, at) for who, at in zip(crowd, slots(desk), strict=True)]
    tally = race.run(wanted, workers=4)
    assert len(tally.booked) == SLOTS, tally
    assert not tally.refused


def test_one_patient_in_front_of_two_practitioners_gets_one_visit(
    desk: make.Desk, crowd: list[Patient]
) -> None:
    second = PractitionerFactory(clinic=desk.clinic)
    make.hours(second)
    who, slot = crowd[0], slots(desk)[0]
    people: list[Any] = [desk.member.staff_id, second.staff_id]
    tally = race.run(
        [partial(desk.book, who, slot, practitioner_id=people[n % 2]) for n in range(8)],
        workers=8,
    )
    assert len(tally.booked) == 1
    assert not tally.deadlocks
    assert not tally.broken


def test_two_practitioners_share_the_last_room_without_deadlock(
    desk: make.Desk, crowd: list[Patient]
) -> None:
    members: list[Membership] = [
        desk.member,
        *(PractitionerFactory(clinic=desk.clinic) for _ in range(3)),
    ]
    for member in members[1:]:
        make.hours(member)
    slot = slots(desk)[0]
    tally = race.run(
        [
            partial(desk.book, who, slot, practitioner_id=members[n % 4].staff_id)
            for n, who in enumerate(crowd[:8])
        ],
        workers=8,
    )
    assert len(tally.booked) == 2
    assert not tally.deadlocks
    assert race.overlaps() == 0
