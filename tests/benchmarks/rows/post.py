"""Reminders on their way: claimed, asked whether still wanted, written, sent, recorded."""

from __future__ import annotations

import datetime as dt
import json
import smtplib
import subprocess
import sys
from collections.abc import Sequence

from django.core.mail import EmailMessage, get_connection
from django.utils import timezone

from aftercare.models import Message, MessageEvent
from mesoclinic.common.ids import new_id
from scheduling.models import Appointment
from tests.benchmarks.harness import Bench, Figure
from tests.benchmarks.loading import copy
from tests.benchmarks.timing import measure

PROCESSES = 2
_STEPS = ("visit-reminder-48h", "visit-reminder-1h")
_FLOOR_MAILS = 2000


def dispatch(bench: Bench) -> Sequence[Figure]:
    """Two processes share the due reminders; every one arrives once and says so in its ledger."""
    floor = _smtplib(bench)
    backend = _django_backend()
    due = _write_due(bench)
    before = _taken(bench)
    seconds, states = _run_dispatchers()
    sent = _taken(bench) - before
    assert sent == due, f"{sent} of {due} messages arrived"
    assert states == {"sent": due}, states
    recorded = MessageEvent.objects.filter(from_state="sending", to_state="sent").count()
    assert recorded >= due, "every message says when it was sent"
    note = f"Django's backend on one connection: {backend:.0f}/s"
    return [Figure("dispatch", due / seconds, floor=floor, note=note)]


def _write_due(bench: Bench) -> int:
    """Reminders of visits to come, due for an hour."""
    now = timezone.now()
    # Confirmations of what other rows have booked wait until all is over.
    Message.objects.filter(state="planned").update(next_try_at=now + dt.timedelta(days=7))
    clinic = bench.world.big.clinic
    wanted = bench.plan.messages
    # Visits of the layout: those booked by other rows have reminders already.
    visits = Appointment.objects.for_clinic(clinic).filter(created_at=bench.world.built_at)
    rows = [
        Message(
            clinic=clinic,
            patient_id=patient,
            subject_type="appointment",
            subject_id=pk,
            title="Reminder",
            step_key=step,
            template_key="visit-reminder",
            purpose="visits",
            due_at=now - dt.timedelta(hours=1),
            next_try_at=now - dt.timedelta(hours=1),
            due_local="benchmark",
            expires_at=during.lower,
            why="Planned by the benchmark.",
            message_id=f"<{new_id().hex}@bench.example>",
            created_at=now,
        )
        for pk, patient, during in visits.order_by("pk").values_list("pk", "patient_id", "during")[
            : wanted // len(_STEPS)
        ]
        for step in _STEPS
    ]
    return copy(Message, rows)


def _run_dispatchers() -> tuple[float, dict[str, int]]:
    """Seconds from the first claim to the last record, and the states the reports add up to."""
    command = [sys.executable, "-m", "tests.benchmarks.postman"]
    children = [
        subprocess.Popen(  # noqa: S603 - a fixed command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    for child in children:  # all have started, connected and imported before any may go
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    reports = [json.loads(child.communicate(timeout=600)[0]) for child in children]
    total: dict[str, int] = {}
    for report in reports:
        for state, count in report["states"].items():
            total[state] = total.get(state, 0) + count
    started = min(report["started"] for report in reports)
    return max(report["ended"] for report in reports) - started, total


def _sample() -> EmailMessage:
    """A mail of about the size of a reminder."""
    mail = EmailMessage("Your visit", "word " * 90, "bench@example.org", ["patient@example.org"])
    mail.attach("part.html", "<p>word</p> " * 300, "text/html")
    return mail


def _smtplib(bench: Bench) -> float:
    """Mails a second over one bare connection."""
    payload = _sample().message().as_bytes()
    with smtplib.SMTP("127.0.0.1", bench.stage.smtp_port) as smtp:
        smtp.ehlo()
        count = min(_FLOOR_MAILS, bench.plan.messages)
        timing = measure(
            lambda _number: smtp.sendmail("a@example.org", ["b@example.org"], payload),
            repeat=count,
        )
    return 1000 * count / sum(timing.samples)


def _django_backend() -> float:
    """Mails a second with Django's own backend on one connection, nothing recorded."""
    count = 500
    with get_connection("django.core.mail.backends.smtp.EmailBackend") as connection:
        timing = measure(lambda _n: connection.send_messages([_sample()]), repeat=count)
    return 1000 * count / sum(timing.samples)


def _taken(bench: Bench) -> int:
    """How many messages the sink has taken."""
    with smtplib.SMTP("127.0.0.1", bench.stage.smtp_port) as smtp:
        _code, text = smtp.docmd("VRFY", "x")
    return int(text)
