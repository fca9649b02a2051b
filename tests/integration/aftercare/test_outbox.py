"""The outbox as a whole: fair between clinics, held after a restore, sparing with the patient."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.db import OperationalError, connection

from aftercare.models import DispatcherState, Message, MessageSettings, OutboxHold, StaffTask
from aftercare.services import claiming, feedback, heartbeat, holding
from aftercare.services.feedback import News, Report
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients.models import ContactPreference, Patient
from patients.signals import contact_changed
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.factories.clinic import ClinicFactory
from tests.mailsink import MailSink

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    make.template(clinic)
    return treatments.patient(clinic, email="ines@example.org", phone="+33639981234")


@pytest.fixture
def stranger(other_clinic: Clinic) -> Patient:
    """A patient of the other clinic."""
    make.template(other_clinic)
    return treatments.patient(other_clinic, email="sydney@example.org")


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.why


# --- between clinics ------------------------------------------------------------------------------


def test_a_clinic_with_a_flood_does_not_delay_anothers_urgent_message(
    patient: Patient, stranger: Patient
) -> None:
    for n in range(3 * claiming.BATCH):
        make.message(patient, NOW - HOUR - n * MINUTE, is_urgent=bool(n % 2))
    urgent = make.message(stranger, NOW, is_urgent=True)
    usual = make.message(stranger, NOW)

    first = claiming.claim(now=NOW)

    assert urgent in first
    assert usual in first
    assert len(first) == claiming.BATCH
    assert [one.is_urgent for one in first] == sorted(
        (one.is_urgent for one in first), reverse=True
    )


def test_alone_a_clinic_gets_the_whole_batch(patient: Patient) -> None:
    for n in range(claiming.BATCH + 5):
        make.message(patient, NOW - n * MINUTE)
    assert [len(claiming.claim(now=NOW)) for _n in range(3)] == [claiming.BATCH, 5, 0]


# --- holding --------------------------------------------------------------------------------------


def test_what_is_held_stays_and_hinders_no_other_clinic(
    patient: Patient, stranger: Patient, mail_sink: MailSink
) -> None:
    kept, other = make.message(patient, NOW - 2 * HOUR), make.message(stranger, NOW)
    make.hold(patient.clinic, NOW - HOUR)
    make.post(NOW)
    assert (state_of(kept)[0], state_of(other)[0]) == ("planned", "sent")
    assert heartbeat.waited_too_long(now=NOW + HOUR) is None  # a person decided it
    assert holding.held_back(patient.clinic, now=NOW) == 1

    staff = Actor.system(patient.clinic_id, "Zita")
    holding.release_all(actor=staff, clinic=patient.clinic, leave_out_before=None, now=NOW)
    assert heartbeat.waited_too_long(now=NOW) == NOW - 2 * HOUR
    make.post(NOW)
    assert state_of(kept)[0] == "sent"
    hold = OutboxHold.objects.get()
    assert (hold.released_at, hold.released_by) == (NOW, staff.label)


def test_after_a_restore_everything_is_held_until_a_person_decides(
    patient: Patient, mail_sink: MailSink
) -> None:
    """The fingerprint of another cluster, database or table: these are other data than last time."""
    old = make.message(patient, NOW - HOUR)
    heartbeat.tick(now=NOW - 2 * HOUR)
    assert not OutboxHold.objects.exists()
    DispatcherState.objects.update(fingerprint="7/1/2/3")

    heartbeat.tick(now=NOW)
    make.post(NOW)
    new = make.message(patient, NOW + MINUTE)
    heartbeat.tick(now=NOW + MINUTE)

    assert state_of(old)[0] == "planned"
    hold = OutboxHold.objects.get(clinic=patient.clinic)
    assert "restored from a backup; they end on 10 March 2026, 08:00" in hold.why
    left_out = holding.release_all(
        actor=Actor.system(patient.clinic_id, "Zita"), clinic=patient.clinic,
        leave_out_before=hold.since, now=NOW + MINUTE,
    )  # fmt: skip
    make.post(NOW + 2 * MINUTE)
    assert left_out == 1
    assert state_of(old) == ("skipped", "Due while messages were held, and left out by Zita.")
    assert state_of(new)[0] == "sent"


@pytest.mark.django_db(transaction=True)
def test_a_table_that_was_made_anew_is_another_fingerprint() -> None:
    """What pg_restore does: the same database, other tables."""
    before = holding.fingerprint()
    with connection.schema_editor() as editor:
        editor.execute("CREATE TABLE kept AS TABLE aftercare_dispatcherstate")
        editor.execute("ALTER TABLE aftercare_dispatcherstate RENAME TO away")
        editor.execute("ALTER TABLE kept RENAME TO aftercare_dispatcherstate")
        after = holding.fingerprint()
        editor.execute("DROP TABLE aftercare_dispatcherstate")
        editor.execute("ALTER TABLE away RENAME TO aftercare_dispatcherstate")
    assert before != after
    assert holding.fingerprint() == before


@pytest.mark.django_db(transaction=True)
def test_a_server_that_starts_anew_is_no_restore(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection breaks while the server is asked: nothing may be concluded from that."""
    ClinicFactory()
    heartbeat.tick(now=NOW)
    monkeypatch.setattr(holding, "_WHICH", "SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(OperationalError):
        heartbeat.tick(now=NOW + MINUTE)
    monkeypatch.undo()

    heartbeat.tick(now=NOW + 2 * MINUTE)

    assert not OutboxHold.objects.exists()


def test_a_host_that_hides_its_control_file_is_no_restore(patient: Patient) -> None:
    heartbeat.tick(now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        cursor.execute("CREATE ROLE tenant")
        cursor.execute("SET ROLE tenant")
        hidden = holding.fingerprint()
        cursor.execute("RESET ROLE")
    assert hidden.startswith("0/0/")
    DispatcherState.objects.update(fingerprint=hidden)

    heartbeat.tick(now=NOW + MINUTE)

    assert not OutboxHold.objects.exists()
    DispatcherState.objects.update(fingerprint=hidden + "1")  # another table
    heartbeat.tick(now=NOW + 2 * MINUTE)
    assert OutboxHold.objects.filter(clinic=patient.clinic).exists()


# --- sparing the patient --------------------------------------------------------------------------


def test_more_than_a_patient_should_get_in_a_day_waits_for_the_morning(
    patient: Patient, mail_sink: MailSink
) -> None:
    MessageSettings.objects.create(clinic=patient.clinic, daily_cap=2)
    care = [make.message(patient, NOW - n * MINUTE, purpose="care") for n in range(4)]
    reminder = make.message(patient, NOW, purpose="visits")
    needed = make.message(patient, NOW, purpose="care", is_essential=True)
    stale = make.message(patient, NOW, purpose="news", expires_at=NOW + 2 * HOUR)

    make.post(NOW)

    assert state_of(reminder)[0] == state_of(needed)[0] == "sent"
    states = Counter(state_of(one)[0] for one in care)
    assert states == {"sent": 2, "planned": 2}
    waits = next(one for one in care if one.state == "planned")
    # Eight in the morning of the next day in Paris.
    assert (waits.next_try_at, waits.attempts) == (NOW.replace(hour=7) + DAY, 0)
    assert state_of(stale)[0] == "suppressed"
    make.post(NOW + DAY)
    assert {state_of(one)[0] for one in care} == {"sent"}


def test_what_comes_up_at_night_waits_for_the_morning(
    patient: Patient, mail_sink: MailSink
) -> None:
    late = NOW.replace(hour=20)  # nine in the evening in Paris, an hour after the last
    night, morning = late + 5 * MINUTE, NOW.replace(hour=7) + DAY
    care = make.message(patient, NOW, purpose="care")
    needed = make.message(patient, NOW, is_essential=True, is_urgent=True)
    mail = make.message(patient, NOW, expires_at=morning)
    text = make.message(patient, NOW, expires_at=morning, channel="sms")

    make.post(night)

    assert (state_of(care)[0], care.next_try_at, care.attempts) == ("planned", morning, 0)
    assert {state_of(needed)[0], state_of(mail)[0]} == {"sent"}
    assert state_of(text)[0] == "expired"
    make.post(morning - MINUTE)
    assert state_of(care)[0] == "planned"
    make.post(morning)
    assert state_of(care)[0] == "sent"


def test_what_was_due_by_eight_may_leave_until_nine(patient: Patient, mail_sink: MailSink) -> None:
    evening = make.message(patient, NOW.replace(hour=19))

    make.post(NOW.replace(hour=20))

    assert state_of(evening)[0] == "sent"


# --- what carriers tell ---------------------------------------------------------------------------


def told(message: Message, news: News, detail: str = "") -> Message | None:
    report = Report(news=news, message_id=message.message_id, detail=detail)
    return feedback.take_in(report=report, now=NOW + HOUR)


def test_a_hard_bounce_stops_the_address_and_asks_the_desk_to_call(
    patient: Patient, mail_sink: MailSink
) -> None:
    message = make.message(patient, NOW)
    make.post(NOW)
    told(message, News.BOUNCED, detail="550 no such user")
    told(message, News.BOUNCED, detail="550 no such user")

    assert state_of(message) == ("bounced", "It came back: 550 no such user")
    assert message.events.filter(to_state="bounced").count() == 1
    task = StaffTask.objects.get()
    assert (task.kind, task.title) == ("bounced", "messages come back, call instead")
    later = make.message(patient, NOW + HOUR)
    make.post(NOW + HOUR)
    assert state_of(later)[0] == "failed"
    assert len(mail_sink.messages) == 1
    assert StaffTask.objects.get() == task

    Patient.objects.filter(pk=patient.pk).update(email="ines.new@example.org")
    patient.refresh_from_db()
    contact_changed.send(
        Patient, clinic=patient.clinic, actor=Actor.system(patient.clinic_id), patient=patient,
        now=NOW + HOUR,
    )  # fmt: skip
    task.refresh_from_db()
    assert task.done_at is not None
    last = make.message(patient, NOW + 2 * HOUR)
    make.post(NOW + 2 * HOUR)
    assert state_of(last)[0] == "sent"


def test_a_complaint_is_an_opt_out_of_that_kind(patient: Patient, mail_sink: MailSink) -> None:
    message = make.message(patient, NOW, purpose="news")
    make.post(NOW)
    told(message, News.DELIVERED)
    assert state_of(message)[0] == "delivered"
    told(message, News.COMPLAINED)
    assert state_of(message)[0] == "complained"
    assert message.sent_at == NOW
    preference = ContactPreference.objects.get(patient=patient, purpose="news")
    assert not preference.allowed


def test_a_person_may_say_that_the_address_works_after_all(
    patient: Patient, mail_sink: MailSink
) -> None:
    make.problem(patient, NOW)
    desk = Actor.system(patient.clinic_id, "Noor")
    feedback.address_works_again(actor=desk, clinic=patient.clinic, patient=patient, now=NOW)
    message = make.message(patient, NOW)
    make.post(NOW)
    assert state_of(message)[0] == "sent"


def test_news_about_strange_or_unsent_messages_changes_nothing(patient: Patient) -> None:
    message = make.message(patient, NOW + DAY)
    assert feedback.take_in(report=Report(News.BOUNCED, message_id="<x@y>"), now=NOW) is None
    assert feedback.take_in(report=Report(News.BOUNCED), now=NOW) is None
    told(message, News.DELIVERED)
    assert state_of(message)[0] == "planned"
    told(message, News.SOFT, detail="451")
    assert message.events.get().why == "The carrier keeps on trying: 451."
