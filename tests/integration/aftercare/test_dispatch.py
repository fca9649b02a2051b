"""The postman on a real database and a real SMTP conversation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from aftercare.exceptions import Certainty, DeliveryError
from aftercare.models import Message, StaffTask
from aftercare.services import dispatch
from aftercare.services.transport import SmtpTransport
from mesoclinic.clinic.models import Clinic
from patients.models import ContactPreference, Patient
from tests.factories import aftercare as make
from tests.mailsink import MailSink

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    make.template(clinic)
    return new_patient(clinic, 1)


def new_patient(clinic: Clinic, number: int, **fields: object) -> Patient:
    values = {"name": f"Inês Carvalho {number}", "email": f"ines{number}@example.org"}
    return Patient.objects.create(clinic=clinic, record_number=f"P-{number}", **values | fields)


def clock(at: dt.datetime = NOW) -> Callable[[], dt.datetime]:
    return lambda: at


def run(at: dt.datetime = NOW) -> dispatch.Report:
    with SmtpTransport() as transport:
        return dispatch.dispatch_due(clock=clock(at), transport=transport)


class Recorder:
    """A transport that fails as told, for endings a polite server never shows."""

    def __init__(self, *endings: DeliveryError | BaseException | None) -> None:
        self.endings = list(endings)
        self.sent: list[tuple[str, bytes]] = []

    def send(self, *, sender: str, recipient: str, payload: bytes) -> str:
        ending = self.endings.pop(0) if self.endings else None
        if ending is not None:
            raise ending
        self.sent.append((recipient, payload))
        return ""

    def close(self) -> None:
        pass


def test_a_due_message_arrives_once_and_is_recorded(patient: Patient, mail_sink: MailSink) -> None:
    message = make.message(patient, NOW - MINUTE)

    run()
    run()

    (mail,) = mail_sink.messages
    assert mail["Message-ID"] == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert "Inês Carvalho 1" in part.get_content()
    message.refresh_from_db()
    assert (message.state, message.recipient) == ("sent", "ines1@example.org")
    assert [e.to_state for e in message.events.all()] == ["sent"]


def test_nothing_leaves_before_its_time(patient: Patient, mail_sink: MailSink) -> None:
    make.message(patient, NOW + MINUTE)
    assert run().states == {}
    assert mail_sink.messages == []


def test_an_optional_message_offers_one_click_unsubscribe(
    patient: Patient, mail_sink: MailSink
) -> None:
    make.message(patient, NOW)
    make.message(patient, NOW, is_essential=True)
    run()
    offers = [mail["List-Unsubscribe"] for mail in mail_sink.messages]
    assert sum(offer is not None for offer in offers) == 1
    offer = next(filter(None, offers))
    assert offer.startswith(f"<{patient.clinic.base_url}/p/")


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"deceased_on": dt.date(2026, 3, 1)}, "suppressed"),
        ({"erased_at": NOW}, "suppressed"),
        ({"email": ""}, "failed"),
    ],
)
def test_what_became_true_before_the_claim_counts(
    patient: Patient, mail_sink: MailSink, change: dict[str, object], state: str
) -> None:
    message = make.message(patient, NOW)
    Patient.objects.filter(pk=patient.pk).update(**change)
    run()
    message.refresh_from_db()
    assert (message.state, mail_sink.messages) == (state, [])
    assert message.why


@pytest.mark.parametrize(
    ("by", "refused", "essential", "state"),
    [
        ("email", "email", False, "suppressed"),
        ("email", "email", True, "sent"),
        ("email", "phone", False, "sent"),
        ("sms", "phone", False, "suppressed"),
        ("whatsapp", "phone", False, "suppressed"),
    ],
)
def test_opting_out_stops_what_is_not_needed(
    patient: Patient, mail_sink: MailSink, by: str, refused: str, essential: bool, state: str
) -> None:
    ContactPreference.objects.create(
        clinic=patient.clinic, patient=patient, channel=refused, purpose="visits", allowed=False,
        changed_at=NOW,
    )  # fmt: skip
    Patient.objects.filter(pk=patient.pk).update(phone="+33612345678")
    message = make.message(patient, NOW, channel=by, is_essential=essential)
    run()
    message.refresh_from_db()
    assert message.state == state


def test_an_expired_message_does_not_leave(patient: Patient, mail_sink: MailSink) -> None:
    message = make.message(patient, NOW - 60 * make.HOUR)
    run()
    message.refresh_from_db()
    assert (message.state, mail_sink.messages) == ("expired", [])


def test_a_poisoned_message_stops_no_other(
    clinic: Clinic, patient: Patient, mail_sink: MailSink
) -> None:
    make.template(clinic, "poison", body="{{ no_such_thing }}")
    poisoned = make.message(patient, NOW - MINUTE, template_key="poison")
    missing = make.message(patient, NOW - MINUTE, template_key="nowhere")
    good = make.message(patient, NOW)

    run()

    states = {m.pk: m.state for m in Message.objects.all()}
    assert states == {poisoned.pk: "failed", missing.pk: "failed", good.pk: "sent"}
    assert StaffTask.objects.filter(done_at=None).count() == 2


def test_a_refused_address_fails_with_a_task_and_stops_no_other(
    clinic: Clinic, patient: Patient, mail_sink: MailSink
) -> None:
    mail_sink.refuse["ines2@example.org"] = "550 no such user"
    refused = make.message(new_patient(clinic, 2), NOW - MINUTE)
    good = make.message(patient, NOW)
    run()
    states = {m.pk: m.state for m in Message.objects.all()}
    assert states == {refused.pk: "failed", good.pk: "sent"}
    task = StaffTask.objects.get()
    assert (task.subject_id, task.kind) == (refused.pk, StaffTask.Kind.MESSAGE_FAILED)


def test_a_temporary_refusal_is_tried_again_later(patient: Patient, mail_sink: MailSink) -> None:
    mail_sink.refuse["ines1@example.org"] = "450 try later"
    message = make.message(patient, NOW)
    run()
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("planned", 1)
    assert message.next_try_at > NOW
    mail_sink.refuse.clear()
    assert run(NOW).states == {}
    run(message.next_try_at)
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("sent", 2)


def test_no_server_hands_everything_back(patient: Patient, settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # type: ignore[attr-defined]
    for _n in range(3):
        make.message(patient, NOW)
    report = run()
    assert report.stopped
    assert set(Message.objects.values_list("state", flat=True)) == {"planned"}


def test_an_unclear_ending_is_tried_once_more_then_held(patient: Patient) -> None:
    message = make.message(patient, NOW)
    unclear = DeliveryError(Certainty.AMBIGUOUS, "dropped", connection_lost=True)
    dispatch.dispatch_due(clock=clock(), transport=Recorder(unclear))
    message.refresh_from_db()
    assert (message.state, message.interruptions) == ("planned", 1)

    later = message.next_try_at
    dispatch.dispatch_due(clock=clock(later), transport=Recorder(unclear))
    message.refresh_from_db()
    assert message.state == "held"
    assert StaffTask.objects.get().kind == StaffTask.Kind.MESSAGE_UNCLEAR


class Killed(BaseException):
    """The end of a process, as far as the code can tell: nothing catches it."""


@pytest.mark.parametrize("killed_after", [0, 3, 12, 25])
def test_a_worker_killed_in_mid_batch_loses_nothing(patient: Patient, killed_after: int) -> None:
    """Killed between send and commit: everything arrives, at most twice, under one Message-ID."""
    ids = {make.message(patient, NOW).message_id for _n in range(25)}
    first = Recorder(*[None] * killed_after, Killed())
    if killed_after < 25:
        with pytest.raises(Killed):
            dispatch.dispatch_due(clock=clock(), transport=first)
    else:
        dispatch.dispatch_due(clock=clock(), transport=first)

    second = Recorder()
    after_lease = NOW + dispatch.LEASE + MINUTE
    dispatch.dispatch_due(clock=clock(after_lease), transport=second)
    dispatch.dispatch_due(clock=clock(after_lease + 5 * MINUTE), transport=second)

    arrived = [message_id_of(payload) for _to, payload in first.sent + second.sent]
    assert set(arrived) == ids
    assert max(arrived.count(one) for one in ids) <= 2
    assert len(arrived) - len(ids) <= dispatch.GROUP
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_marking_before_sending_would_lose_mail(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: recorded as sent when claimed. The harness above must see the loss."""
    ids = {make.message(patient, NOW).message_id for _n in range(10)}
    claim = dispatch.claim

    def claim_and_mark(*, now: dt.datetime, size: int = dispatch.BATCH) -> list[Message]:
        batch = claim(now=now, size=size)
        dispatch._record_sent(dict.fromkeys(batch, ""), now, dispatch.Report())
        return batch

    monkeypatch.setattr(dispatch, "claim", claim_and_mark)
    first, second = Recorder(*[None] * 3, Killed()), Recorder()
    with pytest.raises(Killed):
        dispatch.dispatch_due(clock=clock(), transport=first)
    dispatch.dispatch_due(clock=clock(NOW + 10 * MINUTE), transport=second)
    arrived = {message_id_of(payload) for _to, payload in first.sent + second.sent}
    assert arrived < ids


def message_id_of(payload: bytes) -> str:
    for line in payload.split(b"\r\n"):
        if line.lower().startswith(b"message-id:"):
            return line.split(b":", 1)[1].strip().decode()
    raise AssertionError("no Message-ID")


def test_a_dispatcher_that_was_away_too_long_changes_nothing(patient: Patient) -> None:
    """Its lease ran out and another took the message over: what it records is void."""
    message = make.message(patient, NOW)
    (mine,) = dispatch.claim(now=NOW)
    dispatch.settle_interrupted(now=NOW + dispatch.LEASE + MINUTE)
    dispatch._record_sent({mine: ""}, NOW + dispatch.LEASE + 2 * MINUTE, dispatch.Report())
    message.refresh_from_db()
    assert message.state == "planned"


def test_urgent_messages_leave_first(patient: Patient) -> None:
    late = make.message(patient, NOW - 3 * make.HOUR)
    urgent = make.message(patient, NOW, is_urgent=True)
    assert [m.pk for m in dispatch.claim(now=NOW)] == [urgent.pk, late.pk]


def test_queries_do_not_grow_with_the_batch(patient: Patient) -> None:
    def count(messages: int) -> int:
        for _n in range(messages):
            make.message(patient, NOW)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            dispatch.dispatch_due(clock=clock(), transport=Recorder())
        return len(queries)

    assert count(9) == count(3)


def test_the_same_step_exists_once_for_a_subject(patient: Patient) -> None:
    first = make.message(patient, NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.message(patient, NOW, subject_id=first.subject_id)
