"""Two journeys against real programs: gunicorn with hashed names; a Celery worker with its beat."""

from __future__ import annotations

import datetime as dt
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from aftercare.models import Message
from aftercare.receivers import visits
from mesoclinic.embedded import processes
from tests.conftest import PROJECT
from tests.e2e import builders
from tests.e2e.conftest import Journey
from tests.e2e.mails import calendar_in, subjects
from tests.factories.clinic import PASSWORD
from tests.mailsink import MailSink

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., processes.Child]


@pytest.fixture
def start(
    transactional_db: None, mail_sink: MailSink, tmp_path: Path
) -> Iterator[tuple[Start, Path]]:
    """`start(*module_and_arguments, **environment)`: a program of ours on the test's own services."""
    host, port = mail_sink.address
    keep = ("PATH", "HOME", "LANG")
    env = {
        **{name: os.environ[name] for name in keep if name in os.environ},
        "DJANGO_SETTINGS_MODULE": "tests.e2e.served",
        "DATABASE_URL": _database_url(),
        "REDIS_URL": django_settings.REDIS_URL,
        "EMAIL_URL": f"smtp://{host}:{port}",
        "SECRET_KEY": "only-for-this-journey-" + "0123456789abcdefghijklmnopqrstuv",
        "BASE_URL": "http://127.0.0.1",
        "E2E_STATIC_ROOT": str(tmp_path / "static"),
        "ENV_FILE": "",
        "PYTHONPATH": str(PROJECT),
    }
    log = tmp_path / "programs.log"
    with ExitStack() as running:

        def begin(*command: str, **changes: str) -> processes.Child:
            child = processes.spawn(
                [sys.executable, "-m", *command], log=log, env={**env, **changes}
            )
            running.callback(processes.stop, child)
            return child

        yield begin, log


def _database_url() -> str:
    """The address of the test's database, on the same server."""
    given = urlsplit(os.environ["DATABASE_URL"])
    return given._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    host, _, port = address.removeprefix("http://").partition(":")
    asking = HTTPConnection(host, int(port), timeout=2)
    try:
        asking.request("GET", "/healthz")
        return asking.getresponse().status == 200
    except OSError:
        return False
    finally:
        asking.close()


def test_the_site_works_as_it_is_served(
    start: tuple[Start, Path], journey: Journey, settings: Any
) -> None:
    # Given gunicorn with collected files under hashed names, and a clinic
    begin, log = start
    assert begin("django", "collectstatic", "--no-input", "--verbosity=0").wait(120) == 0
    address = f"http://127.0.0.1:{_free_port()}"
    web = begin(
        "gunicorn", "-c", "python:mesoclinic.gunicorn", "mesoclinic.wsgi",
        BASE_URL=address, PORT=address.rpartition(":")[2], WEB_CONCURRENCY="1",
    )  # fmt: skip
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    lices = builders.practice(address, timezone.now())
    patient = builders.ines(lices, timezone.now())
    processes.wait_until(lambda: _answers(address), web, log=log)

    # When Noor signs in by the form and goes through the house
    desk = journey.phone(f"{address}/accounts/login/?next=/patients/")
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.get_by_label("Email").fill(lices.desk.staff.email)
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in", exact=True).click()
    desk.get_by_role("link", name="Inês Carvalho").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Inês Carvalho")
    for path in ("/", "/calendar/", f"/appointments/new/?patient={patient.pk}", "/messages/"):
        desk.goto(address + path)
        expect(desk.get_by_role("heading", level=1)).to_be_visible()

    # Then scripts and styles come under hashed names and every page is alive
    desk.goto(f"{address}/patients/")
    scripts = desk.locator("script[src]").evaluate_all("all => all.map((one) => one.src)")
    assert scripts
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", one) for one in scripts), scripts
    assert desk.evaluate("typeof htmx") == "object"
    desk.get_by_label("Name, phone, e-mail or record number").press_sequentially("zzz")
    expect(desk.get_by_text("Nobody found")).to_be_visible()
    journey.see(desk, "served")


def test_a_confirmation_leaves_by_itself(
    start: tuple[Start, Path], journey: Journey, live_server: LiveServer, mail_sink: MailSink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # Given a worker and its beat, a patient, and nobody who takes anything back
    monkeypatch.setattr(visits, "GRACE", dt.timedelta(0))
    begin, _log = start
    begin("celery", "-A", "mesoclinic.celery", "worker", "--pool=solo", "--without-mingle")
    begin(
        "celery", "-A", "mesoclinic.celery", "beat", "--scheduler=celery.beat.Scheduler",
        "--pidfile=",
    )  # fmt: skip
    now = timezone.now()
    lices = builders.practice(live_server.url, now)
    patient = builders.ines(lices, now)

    # When Noor books a visit for next Monday
    monday = lices.clinic.today(now) + dt.timedelta(days=7 - lices.clinic.today(now).weekday())
    desk = journey.staff(
        lices.desk, f"/appointments/new/?patient={patient.pk}&date={monday.isoformat()}"
    )
    desk.get_by_label("10:00", exact=True).check()
    desk.get_by_role("button", name="Book", exact=True).click()
    expect(desk.get_by_text("is booked for")).to_be_visible()

    # Then the confirmation arrives at the mail server without anybody ringing
    _wait_for(lambda: bool(mail_sink.messages), seconds=45)
    assert subjects(mail_sink.messages) == ["Your visits at Clinique des Lices"]
    assert f"DTSTART:{lices.at(monday, 10):%Y%m%dT%H%M%SZ}" in calendar_in(mail_sink.messages[0])
    _wait_for(lambda: Message.objects.filter(state="sent").exists(), seconds=10)
    desk.goto(f"{live_server.url}/messages/")
    expect(desk.get_by_role("cell", name="Sent", exact=True)).to_be_visible()


def _wait_for(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
