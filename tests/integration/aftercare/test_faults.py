"""What becomes of a message, and of those after it, when the mail server misbehaves."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from aftercare.models import Message, StaffTask
from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.mailsink import MailSink

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
BAD = "bad@example.org"
HANG_UP = "hang up"
LATE = "250 taken, but after our time-out"
MALFORMED = "what a lovely message"


class FaultySink(MailSink):
    """Answers the end of a message to `BAD` with `after_data`; `HANG_UP` closes without a word."""

    def __init__(self) -> None:
        super().__init__()
        self.after_data = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if BAD in envelope.rcpt_tos and self.after_data:
            if self.after_data == HANG_UP:
                server.transport.abort()
            if self.after_data == LATE:
                await super().handle_DATA(server, session, envelope)
                await asyncio.sleep(3)
            return self.after_data
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def sink(settings: Any) -> Iterator[FaultySink]:
    with FaultySink() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = running.address
        settings.EMAIL_TIMEOUT = 2
        yield running


@pytest.fixture
def bad(clinic: Clinic) -> Message:
    """The first in the queue."""
    make.template(clinic)
    return make.message(treatments.patient(clinic, email=BAD), NOW - MINUTE)


@pytest.fixture
def good(clinic: Clinic) -> Message:
    """The next in the queue."""
    return make.message(treatments.patient(clinic, "Bruno", email="good@example.org"), NOW)


def state_of(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


@pytest.mark.parametrize(
    ("at", "reply"),
    [("rcpt", "550 no such user"), ("rcpt", "553 bad name"), ("data", "552 too much mail"),
     ("data", "554 spam")],
)  # fmt: skip
def test_a_refusal_for_good_fails_with_a_task_and_stops_no_other(
    sink: FaultySink, bad: Message, good: Message, at: str, reply: str
) -> None:
    refuse(sink, at, reply)
    make.post(NOW)
    assert (state_of(bad), state_of(good)) == ("failed", "sent")
    task = StaffTask.objects.get()
    assert (task.subject_id, task.kind) == (bad.pk, "message_failed")
    assert reply.split()[0] in task.detail
    make.post(NOW + 300 * MINUTE)
    assert len(sink.messages) == 1


@pytest.mark.parametrize(
    ("at", "reply"),
    [("rcpt", "450 busy"), ("rcpt", "451 local error"), ("rcpt", "452 full"),
     ("data", "451 disk full"), ("data", "452 full")],
)  # fmt: skip
def test_a_refusal_for_now_is_tried_again_and_stops_no_other(
    sink: FaultySink, bad: Message, good: Message, at: str, reply: str
) -> None:
    refuse(sink, at, reply)
    make.post(NOW)
    assert (state_of(bad), state_of(good)) == ("planned", "sent")
    bad.refresh_from_db()
    assert (bad.attempts, bad.interruptions) == (1, 0)
    assert NOW < bad.next_try_at <= NOW + 2 * MINUTE
    refuse(sink, at, "")
    make.post(bad.next_try_at)
    assert state_of(bad) == "sent"
    assert not StaffTask.objects.exists()


def test_a_refusal_for_now_that_never_ends_becomes_a_task(sink: FaultySink, bad: Message) -> None:
    refuse(sink, "rcpt", "450 busy")
    at, tries = NOW, 0
    while state_of(bad) == "planned" and tries < 50:
        make.post(at)
        bad.refresh_from_db()
        at, tries = bad.next_try_at, tries + 1
    assert state_of(bad) == "failed"
    assert tries < 25
    assert StaffTask.objects.get().kind == "message_failed"


def test_a_server_that_closes_over_one_message_takes_the_others_at_once(
    sink: FaultySink, bad: Message, good: Message
) -> None:
    refuse(sink, "rcpt", "421 closing")
    report = make.post(NOW)
    assert (report.stopped, report.lost) == (False, 1)
    assert (state_of(bad), state_of(good)) == ("planned", "sent")
    refuse(sink, "rcpt", "")
    make.post(NOW + 6 * MINUTE)
    assert state_of(bad) == "sent"


def test_a_server_that_closes_again_and_again_hands_the_rest_back_uncounted(
    sink: FaultySink, clinic: Clinic
) -> None:
    make.template(clinic)
    patient = treatments.patient(clinic, email=BAD)
    queue = [make.message(patient, NOW - n * MINUTE) for n in range(8, 0, -1)]
    refuse(sink, "rcpt", "421 closing")
    report = make.post(NOW)
    assert (report.stopped, report.lost) == (True, 5)
    tried = Message.objects.filter(attempts=1).count()
    assert (tried, {state_of(one) for one in queue}) == (5, {"planned"})


def test_a_line_that_drops_in_mid_message_is_unclear_once_then_held(
    sink: FaultySink, bad: Message, good: Message
) -> None:
    refuse(sink, "data", HANG_UP)
    make.post(NOW)
    bad.refresh_from_db()
    assert (bad.state, bad.interruptions, state_of(good)) == ("planned", 1, "sent")
    make.post(NOW + 6 * MINUTE)
    make.post(NOW + 20 * MINUTE)
    assert (state_of(bad), state_of(good)) == ("held", "sent")
    assert StaffTask.objects.get().kind == "message_unclear"


@pytest.mark.parametrize("answer", [LATE, MALFORMED])
def test_an_answer_that_comes_too_late_or_is_none_is_unclear_and_delays_no_other_for_long(
    sink: FaultySink, bad: Message, good: Message, answer: str
) -> None:
    refuse(sink, "data", answer)
    started = time.monotonic()
    make.post(NOW)
    assert time.monotonic() - started < 5
    bad.refresh_from_db()
    assert (bad.state, bad.interruptions, state_of(good)) == ("planned", 1, "sent")
    make.post(NOW + 6 * MINUTE)
    make.post(NOW + 20 * MINUTE)
    assert state_of(bad) == "held"
    copies = [mail for mail in sink.messages if mail["Message-ID"] == bad.message_id]
    assert len(copies) == (2 if answer == LATE else 0)


def test_nobody_listens(bad: Message, good: Message, settings: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        point_at(settings, closed.getsockname()[1])
        report = make.post(NOW)
    assert report.stopped
    assert (state_of(bad), state_of(good)) == ("planned", "planned")


def test_a_server_that_never_greets_costs_one_time_out_not_one_for_each(
    bad: Message, good: Message, settings: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        point_at(settings, silent.getsockname()[1])
        settings.EMAIL_TIMEOUT = 1
        started = time.monotonic()
        make.post(NOW)
        took = time.monotonic() - started
    assert took < 3
    assert (state_of(bad), state_of(good)) == ("planned", "planned")


def test_a_message_that_waited_too_long_expires_instead_of_arriving_late(
    sink: FaultySink, bad: Message
) -> None:
    refuse(sink, "rcpt", "421 closing")
    make.post(NOW)
    refuse(sink, "rcpt", "")
    make.post(bad.expires_at)
    bad.refresh_from_db()
    assert (bad.state, bad.why) == ("expired", "Its time had passed before it could leave.")
    assert not sink.messages


def refuse(sink: FaultySink, at: str, reply: str) -> None:
    """Answer mail to `BAD` with `reply`; "" takes it back."""
    sink.refuse = {BAD: reply} if at == "rcpt" and reply else {}
    sink.after_data = reply if at == "data" else ""


def point_at(settings: Any, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def test_a_patient_of_another_clinic_is_not_held_up(
    sink: FaultySink, bad: Message, other_clinic: Clinic
) -> None:
    make.template(other_clinic)
    other: Patient = treatments.patient(other_clinic, email="sydney@example.org")
    message = make.message(other, NOW)
    refuse(sink, "rcpt", "550 no")
    make.post(NOW)
    assert state_of(message) == "sent"
    assert sink.messages[0]["From"].endswith(f"<{other_clinic.sender_email}>")
