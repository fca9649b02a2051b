"""Reminders on their way: claimed, asked whether still wanted, written, sent, recorded."""

from __future__ import annotations

import datetime as dt
import json
import smtplib
import subprocess
import sys
from collections.abc import Sequence
from urllib.parse import urlencode

from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import timezone

from aftercare.models import Message, MessageEvent, ProgrammeStep
from aftercare.services import planning
from aftercare.services.planning import Subject
from mesoclinic.common.ids import new_id
from scheduling.models import Appointment
from tests.benchmarks.harness import Bench, Figure
from tests.benchmarks.loading import copy
from tests.benchmarks.timing import measure

PROCESSES = 2
_STEPS = ("visit-reminder-48h", "visit-reminder-1h")
_FLOOR_MAILS = 2000
_SESSIONS = 12


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


def plan_course(bench: Bench) -> Sequence[Figure]:
    """All messages of twelve sessions, planned together as a booking does it; undone each time."""
    clinic = bench.world.big.clinic
    found = Appointment.objects.for_clinic(clinic).order_by("pk")
    visits = [
        Subject("appointment", new_id(), one.patient_id, one.during.lower, is_session=True)
        for one in found[:_SESSIONS]
    ]
    anchors = ProgrammeStep.Anchor
    now = timezone.now()

    def plan(_number: int) -> int:
        with transaction.atomic():
            pairs = [(anchors.BOOKED, visits[:1]), (anchors.VISIT, visits)]
            written = len(planning.plan_each(clinic, pairs, now=now))
            transaction.set_rollback(True)
        return written

    timing = measure(plan, repeat=bench.plan.repeat, warm_up=3)
    written = plan(0)
    assert written > 2 * _SESSIONS, "a confirmation, and the reminders of each"
    return [Figure("plan-messages", timing.median, timing.p95, note=f"{written} messages")]


_MANY = """
WITH patient AS MATERIALIZED (
    SELECT id, clinic_id, row_number() OVER (ORDER BY id) - 1 AS place
    FROM patients_patient WHERE clinic_id = %(clinic)s
), made AS MATERIALIZED (
    SELECT n %% (SELECT count(*) FROM patient) AS place,
        now() - interval '1 hour' - n * interval '60 s' AS at,
        CASE n %% 500 WHEN 0 THEN 'failed' WHEN 1 THEN 'expired' ELSE 'sent' END AS state
    FROM generate_series(1::bigint, %(count)s) AS n
)
INSERT INTO aftercare_message (
    id, clinic_id, patient_id, created_at, subject_type, subject_id, title, step_key,
    schedule_version, template_key, purpose, channel, programme_version, is_urgent, is_essential,
    due_at, next_try_at, due_local, expires_at, state, why, attempts, interruptions, message_id,
    provider_id, recipient, sent_at, context
)
SELECT gen_random_uuid(), p.clinic_id, p.id, now(), 'bench', gen_random_uuid(), 'Reminder', 'bench',
    1, 'visit-reminder', 'visits', 'email', 1, false, false, at, at, 'bench', at, state, 'Bench.',
    1, 0, gen_random_uuid()::text, '', 'a@b.example', CASE state WHEN 'sent' THEN at END, '{}'
FROM made JOIN patient AS p USING (place)
"""


def ledger(bench: Bench) -> Sequence[Figure]:
    """The page of the ledger over a million messages: the first, a deep one, and the rare ones."""
    clinic = bench.world.big.clinic
    count = bench.plan.messages * 100
    with bench.sql.cursor() as cursor:
        # Triggers would write a million audit rows: not what is measured.
        cursor.execute("ALTER TABLE aftercare_message DISABLE TRIGGER USER")
        cursor.execute(_MANY, {"count": count, "clinic": str(clinic.pk)})
        cursor.execute("ALTER TABLE aftercare_message ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE aftercare_message")
    deep = timezone.now() - dt.timedelta(seconds=45 * count)
    client = bench.client()
    before = urlencode({"before": f"{deep.isoformat()}_{new_id()}"})
    return [
        bench.page("ledger", client, "/messages/"),
        bench.page("ledger-deep", client, f"/messages/?{before}"),
        bench.page("ledger-failed", client, "/messages/?state=failed"),
    ]


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
