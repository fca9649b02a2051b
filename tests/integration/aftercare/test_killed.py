"""Real processes, killed: nothing is lost, nothing arrives more than twice; two share the work."""

from __future__ import annotations

import datetime as dt
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerProcess
from typing import Any

import pytest
from django.db import connection

from aftercare.models import Message, StaffTask
from aftercare.services import dispatch
from aftercare.services.transport import SmtpTransport
from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from scheduling import services as visits
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.integration.aftercare import postman
from tests.mailsink import MailSink

pytestmark = pytest.mark.django_db(transaction=True)

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
AFTER_LEASE = dispatch.LEASE + dt.timedelta(minutes=1)


class KillingSink(MailSink):
    """Kills the postman as soon as it has his n-th message, before he hears that it was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.victim: ForkServerProcess | None = None
        self.kill_at = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if self.victim is not None and len(self.messages) >= self.kill_at:
            self.victim.kill()
            self.victim = None
        return answer

    @property
    def copies(self) -> Counter[str]:
        """How many copies arrived under each Message-ID."""
        return Counter(str(message["Message-ID"]) for message in self.messages)


@pytest.fixture
def sink() -> Iterator[KillingSink]:
    with KillingSink() as running:
        yield running


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    make.template(clinic)
    return treatments.patient(clinic, email="ines@example.org")


def run(sink: KillingSink, at: dt.datetime, kill_at: int = 0) -> int | None:
    """One life of the postman; the way it ended."""
    worker = postman.start(at, sink.address)
    if kill_at:
        sink.kill_at, sink.victim = kill_at, worker
    worker.join(60)
    return worker.exitcode


@pytest.mark.parametrize("kill_at", [1, 7, 23])
def test_killed_between_sending_and_recording_nothing_is_lost(
    patient: Patient, sink: KillingSink, kill_at: int
) -> None:
    ids = {make.message(patient, NOW).message_id for _n in range(30)}

    assert run(sink, NOW, kill_at) == -signal.SIGKILL
    assert Message.objects.filter(state="sending").exists()
    assert run(sink, NOW + AFTER_LEASE) == 0
    assert run(sink, NOW + 3 * AFTER_LEASE) == 0

    assert set(sink.copies) == ids
    assert max(sink.copies.values()) <= 2
    assert sum(sink.copies.values()) - len(ids) <= dispatch.GROUP
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_killed_again_and_again_the_unclear_are_held_for_a_person(
    patient: Patient, sink: KillingSink
) -> None:
    """A second unclear ending is never guessed at: at most two copies, and a task."""
    ids = {make.message(patient, NOW).message_id for _n in range(30)}
    for round_ in range(4):
        run(sink, NOW + round_ * 2 * AFTER_LEASE, len(sink.messages) + 2)
    run(sink, NOW + 9 * AFTER_LEASE)
    run(sink, NOW + 11 * AFTER_LEASE)

    assert max(sink.copies.values()) <= 2
    states = dict(Message.objects.values_list("message_id", "state"))
    assert set(states.values()) <= {"sent", "held"}
    assert {pk for pk, state in states.items() if state == "sent"} <= set(sink.copies)
    assert set(states) == ids
    held = [pk for pk, state in states.items() if state == "held"]
    assert StaffTask.objects.filter(kind="message_unclear", done_at=None).count() == len(held)


def test_what_is_cancelled_while_nobody_works_does_not_leave(
    clinic: Clinic, patient: Patient, sink: KillingSink
) -> None:
    """Committed before the second claim: an opt-out and a death hold after a crash too."""
    for _n in range(6):
        make.message(patient, NOW)
    run(sink, NOW, 2)
    Patient.objects.filter(pk=patient.pk).update(deceased_on=NOW.date())
    run(sink, NOW + AFTER_LEASE)
    run(sink, NOW + 3 * AFTER_LEASE)
    assert len(sink.messages) == 2
    assert set(Message.objects.values_list("state", flat=True)) == {"suppressed"}


def test_two_at_once_send_everything_once(patient: Patient, mail_sink: MailSink) -> None:
    ids = {make.message(patient, NOW).message_id for _n in range(130)}

    def work(_n: int) -> None:
        try:
            with SmtpTransport() as transport:
                dispatch.dispatch_due(clock=lambda: NOW, transport=transport)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    arrived = [str(mail["Message-ID"]) for mail in mail_sink.messages]
    assert sorted(arrived) == sorted(ids)


def test_a_move_between_claim_and_claim_is_heeded(
    clinic: Clinic, patient: Patient, sink: KillingSink
) -> None:
    """The reminder of the old time was claimed and its sender died; the visit moved meanwhile."""
    make.seeded(clinic)
    from tests.factories import scheduling
    from tests.personas import ayla

    desk = scheduling.desk(ayla(clinic))
    start = desk.at(dt.date(2026, 3, 12), 10)
    visit = desk.book(patient, start, now=NOW - dt.timedelta(days=9))
    run(sink, NOW - dt.timedelta(days=9))
    run(sink, start - dt.timedelta(hours=48), len(sink.messages) + 1)
    reminder = Message.objects.get(step_key="visit-reminder-48h")
    assert reminder.state == "sending"

    target = visits.Target(appointment_id=visit.pk, start=start + dt.timedelta(hours=4))
    visits.move_appointment(
        clinic=clinic, actor=desk.actor, now=NOW, move=visits.Move(visit=target)
    )
    run(sink, start - dt.timedelta(hours=48) + AFTER_LEASE)
    run(sink, start - dt.timedelta(hours=48) + 3 * AFTER_LEASE)

    reminder.refresh_from_db()
    assert (reminder.state, reminder.why) == ("skipped", "The visit was moved.")
    assert sink.copies[reminder.message_id] == 1
