"""Never two people in one chair, over HTTP against gunicorn with several processes.

In small in `make test-small`; `make race` runs 20 clients with 500 attempts each and prints its table. The planted
bugs must turn it red: without the locks and the constraints the same harness finds double bookings.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from mesoclinic.embedded import processes
from scheduling.models import Appointment, Device, OnlineRules, Room
from tests import database, personas
from tests.benchmarks.stage import _answers, free_port
from tests.conftest import PROJECT
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.integration.scheduling import httprace
from tests.personas import client_for

CLIENTS = int(os.environ.get("RACE_CLIENTS", "6"))
ATTEMPTS = int(os.environ.get("RACE_ATTEMPTS", "12"))
ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
_CONSTRAINTS = [
    "appointment_practitioner_once", "appointment_room_once", "appointment_device_once",
    "appointment_patient_once",
]  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Serve = Callable[..., object]


@contextmanager
def served(tmp_path: Path, port: int, bug: str = "") -> Iterator[None]:
    """gunicorn with two processes on the test's own database."""
    given = urlsplit(os.environ["DATABASE_URL"])
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    log = tmp_path / "web.log"
    child = processes.spawn(
        [
            sys.executable, "-m", "gunicorn", "-c", "python:mesoclinic.gunicorn",
            "tests.integration.scheduling.race_wsgi",
        ],
        log=log,
        env={
            **keep, "DJANGO_SETTINGS_MODULE": "tests.integration.scheduling.race_settings",
            "DATABASE_URL": given._replace(path=f"/{connection.settings_dict['NAME']}").geturl(),
            "REDIS_URL": django_settings.REDIS_URL, "EMAIL_URL": "smtp://127.0.0.1:1",
            "SECRET_KEY": django_settings.SECRET_KEY, "BASE_URL": f"http://127.0.0.1:{port}",
            "PORT": str(port), "WEB_CONCURRENCY": "2", "ENV_FILE": "", "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(PROJECT), "RACE_BUG": bug,
        },
    )  # fmt: skip
    try:
        processes.wait_until(lambda: _answers(port), child, log=log, seconds=180)
        yield
    finally:
        processes.stop(child)


@pytest.fixture
def place() -> httprace.Field:
    """Three practitioners, two treatment rooms, one device, twelve patients, two days of slots."""
    desk = make.desk(personas.ayla(personas.lices()))
    desk.consultation.is_online = True
    desk.consultation.notice_hours = 0
    desk.consultation.buffer_after_min = 5
    desk.consultation.save()
    Device.objects.create(clinic=desk.clinic, name="Injector", kind="injector")
    scan = make.visit_type(
        desk.clinic, "scan", device_kind="injector", room_kind=Room.Kind.TREATMENT,
        buffer_before_min=5,
    )  # fmt: skip
    OnlineRules.objects.create(clinic=desk.clinic, is_open=True)
    members: list[Any] = [desk.member, *(PractitionerFactory(clinic=desk.clinic) for _ in range(2))]
    for member in members[1:]:
        make.hours(member)
    today = desk.clinic.today(timezone.now())
    monday = today + dt.timedelta(days=14 - today.weekday())
    starts = [
        desk.at(monday, 9) + day * make.DAY + n * 15 * make.MINUTE
        for day in range(2)
        for n in range(28)
    ]
    name = django_settings.SESSION_COOKIE_NAME
    sessions = [client_for(member).cookies[name].value for member in members]
    who = [treatments.patient(desk.clinic, f"Patient {n}") for n in range(12)]
    return httprace.Field(
        desk, free_port(), sessions, who, [one.staff_id for one in members],
        [desk.consultation, scan], starts,
    )  # fmt: skip


@pytest.fixture
def no_constraint(place: httprace.Field) -> Iterator[None]:
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


def winners(place: httprace.Field, number: int, report: httprace.Report) -> int:
    """How many got the contested time of round `number`."""
    day = place.starts[0] + 7 * make.DAY + (number // 14) * make.DAY
    start = day + (number % 14) * 30 * make.MINUTE
    who = place.practitioners[number % len(place.practitioners)]
    httprace.contest(place, start, who, CLIENTS, report)
    rows = Appointment.objects.filter(practitioner=who, during__startswith=start)
    return rows.exclude(status__in=["cancelled", "no_show"]).count()


def test_at_random_and_on_one_slot_nobody_is_booked_twice(
    place: httprace.Field, tmp_path: Path
) -> None:
    with served(tmp_path, place.port):
        # First, while these times are free: who is refused in the race goes on to later days.
        contested = httprace.Report()
        won = [winners(place, number, contested) for number in range(ROUNDS)]
        report = httprace.race(place, CLIENTS, ATTEMPTS)
    sys.stdout.write(f"\n{CLIENTS} clients, {ATTEMPTS} attempts each\n{report.table()}\n" + "\n")
    sys.stdout.write(f"{ROUNDS} contested slots\n{contested.table()}" + "\n")
    assert not report.broken
    assert not contested.broken
    assert httprace.overlaps() == {"practitioner": 0, "room": 0, "device": 0, "patient": 0}
    assert won == [1] * ROUNDS
    assert report.attempts.total() == CLIENTS * ATTEMPTS
    assert contested.attempts.total() == CLIENTS * ROUNDS
    assert all(report.times.get(what) for what in ("book", "move", "hold", "wait"))
    assert report.answers["book", 201]
    assert contested.answers["hold", 302] + contested.answers["hold", 422]


@pytest.mark.usefixtures("no_constraint")
def test_planted_bug_without_locks_and_constraints_the_race_is_red(
    place: httprace.Field, tmp_path: Path
) -> None:
    with served(tmp_path, place.port, bug="no_lock"):
        report = httprace.Report()
        won = [winners(place, number, report) for number in range(2)]
    assert max(won) > 1
    assert httprace.overlaps()["practitioner"] > 0


def test_planted_bug_without_locks_the_constraints_hold_alone(
    place: httprace.Field, tmp_path: Path
) -> None:
    with served(tmp_path, place.port, bug="no_lock"):
        report = httprace.Report()
        won = [winners(place, number, report) for number in range(2)]
    assert max(won) <= 1
    assert not any(httprace.overlaps().values())
