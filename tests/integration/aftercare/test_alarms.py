"""An urgent check-in reaches a person: by name on the screen, by mail and text without one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from aftercare.domain.triage import ReportedEffect
from aftercare.exceptions import Certainty, DeliveryError
from aftercare.models import AlarmNumber, CareSettings, StaffAlert, StaffTask
from aftercare.services import alarm, tasks
from aftercare.services.checkins import CheckInAnswer, answer_checkin
from aftercare.services.gateway import Short
from aftercare.services.transport import SmtpTransport
from aftercare.tasks import ring_alarms
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import PatientLink
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.mailsink import MailSink
from tests.personas import client_for
from treatments.models import SessionRecord

MINUTE = dt.timedelta(minutes=1)
PUS = CheckInAnswer(feeling=5, effects=(ReportedEffect("heat_pus", 2), ReportedEffect("fever", 2)))


@pytest.fixture
def colleague(clinic: Clinic) -> Membership:
    """A second practitioner of the Lices."""
    return PractitionerFactory(clinic=clinic)


@pytest.fixture
def told_at(record: SessionRecord) -> dt.datetime:
    """A day after the session."""
    assert record.signed_at is not None
    return record.signed_at + dt.timedelta(days=1)


@pytest.fixture
def task(record: SessionRecord, told_at: dt.datetime, colleague: Membership) -> StaffTask:
    """The task of a check-in with fever and pus."""
    link, _token = make.link(record.patient, PatientLink.Purpose.CHECKIN, record.pk, told_at)
    answer_checkin(link=link, answer=PUS, now=told_at)
    return StaffTask.objects.get(kind="checkin_urgent")


def ring(at: dt.datetime, **more: Any) -> dict[str, int]:
    with SmtpTransport() as transport:
        return dict(alarm.ring(now=at, transport=transport, **more))


def called() -> list[str]:
    """Who was alerted, in order."""
    rows = StaffAlert.objects.order_by("round").select_related("staff")
    return [row.staff.email for row in rows]


def test_the_mail_says_that_somebody_is_needed_and_nothing_else(
    task: StaffTask, told_at: dt.datetime, practitioner: Membership, mail_sink: MailSink
) -> None:
    assert ring(told_at) == {"sent": 1}
    assert ring(told_at + MINUTE) == {}

    (mail,) = mail_sink.messages
    assert mail["To"] == practitioner.staff.email
    assert mail["X-Priority"] == "1"
    everything = mail.as_string()
    assert "/inbox/" in everything
    for secret in ("Inês", "Carvalho", "fever", "pus", "infection", str(task.patient_id)):
        assert secret not in everything


def test_nobody_takes_it_so_the_next_is_alerted_until_everybody_was_three_times(
    task: StaffTask, told_at: dt.datetime, practitioner: Membership, colleague: Membership,
    manager: Membership,
) -> None:  # fmt: skip
    at = told_at
    assert alarm.escalate(now=at + 9 * MINUTE) == 0
    for _n in range(20):
        at += 10 * MINUTE
        alarm.escalate(now=at)

    order = [one.staff.email for one in (practitioner, colleague, manager)]
    assert called() == order * alarm.ROUNDS
    task.refresh_from_db()
    assert (task.escalate_at, task.done_at) == (None, None)
    assert [one.what for one in task.events.all()] == ["opened", *["alerted"] * 9]


def test_an_emergency_calls_two_at_once_then_the_next(
    record: SessionRecord, told_at: dt.datetime, practitioner: Membership, colleague: Membership,
    manager: Membership,
) -> None:  # fmt: skip
    link, _token = make.link(record.patient, PatientLink.Purpose.CHECKIN, record.pk, told_at)
    worst = CheckInAnswer(feeling=5, effects=(ReportedEffect("heat_pus", 4),))
    answer_checkin(link=link, answer=worst, now=told_at)

    order = [one.staff.email for one in (practitioner, colleague, manager)]
    assert called() == order[:2]
    assert StaffTask.objects.get(kind="checkin_urgent").assigned_to == practitioner.staff
    alarm.escalate(now=told_at + 10 * MINUTE)
    assert called() == order


def test_who_takes_it_ends_the_alarm_and_what_was_planned_is_dropped(
    task: StaffTask, told_at: dt.datetime, colleague: Membership, mail_sink: MailSink
) -> None:
    actor = treatments.actor_of(colleague)
    tasks.claim_task(actor=actor, clinic=task.clinic, task_id=task.pk, now=told_at)

    assert ring(told_at) == {"dropped": 1}
    assert alarm.escalate(now=told_at + dt.timedelta(hours=3)) == 0
    assert mail_sink.messages == []

    # Given back, it is everybody's again at once.
    tasks.release_task(actor=actor, clinic=task.clinic, task_id=task.pk, now=told_at + MINUTE)
    assert alarm.escalate(now=told_at + MINUTE) == 1
    assert ring(told_at + MINUTE) == {"sent": 1}


def test_a_server_that_is_down_is_tried_again_and_one_that_refuses_is_recorded(
    task: StaffTask, told_at: dt.datetime, mail_sink: MailSink
) -> None:
    class Down:
        certainty = Certainty.TRANSIENT

        def send(self, *, sender: str, recipient: str, payload: bytes) -> str:
            raise DeliveryError(self.certainty, "no answer")

        def close(self) -> None:
            """Nothing to close."""

    down = Down()
    assert alarm.ring(now=told_at, transport=down) == {"planned": 1}
    assert ring(told_at + 20 * dt.timedelta(seconds=1)) == {}
    assert ring(told_at + MINUTE) == {"sent": 1}

    alarm.escalate(now=told_at + 11 * MINUTE)
    down.certainty = Certainty.PERMANENT
    assert alarm.ring(now=told_at + 11 * MINUTE, transport=down) == {"failed": 1}
    assert StaffAlert.objects.get(state="failed").why == "no answer"


def test_a_text_message_goes_to_the_number_of_whoever_is_alerted(
    record: SessionRecord, told_at: dt.datetime, practitioner: Membership, mail_sink: MailSink
) -> None:
    clinic = record.clinic
    CareSettings.objects.create(clinic=clinic, alert_by_sms=True)
    AlarmNumber.objects.create(clinic=clinic, staff=practitioner.staff, phone="+33 6 12 34 56 78")
    link, _token = make.link(record.patient, PatientLink.Purpose.CHECKIN, record.pk, told_at)
    answer_checkin(link=link, answer=PUS, now=told_at)

    sent: list[Short] = []
    assert ring(told_at, send_text=sent.append) == {"sent": 2}
    (short,) = sent
    assert (short.channel, short.to) == ("sms", "+33 6 12 34 56 78")
    assert "Inês" not in short.text
    assert "/inbox/" in short.text


def test_the_bell_rings_by_mail_where_no_gateway_is_set_up_and_says_so(
    record: SessionRecord, told_at: dt.datetime, practitioner: Membership, mail_sink: MailSink,
    settings: Any,
) -> None:  # fmt: skip
    settings.GATEWAY_URL = ""
    clinic = record.clinic
    CareSettings.objects.create(clinic=clinic, alert_by_sms=True)
    AlarmNumber.objects.create(clinic=clinic, staff=practitioner.staff, phone="+33 6 12 34 56 78")
    link, _token = make.link(record.patient, PatientLink.Purpose.CHECKIN, record.pk, told_at)
    answer_checkin(link=link, answer=PUS, now=told_at)

    with time_machine.travel(told_at, tick=False):
        assert ring_alarms() == {"sent": 1, "failed": 1}
    failed = StaffAlert.objects.get(state="failed")
    assert (failed.channel, failed.why) == ("sms", "no gateway for SMS and WhatsApp is set up")
    assert len(mail_sink.messages) == 1


def test_it_stands_on_every_page_of_whoever_could_and_of_nobody_else(
    task: StaffTask, practitioner: Membership, receptionist: Membership,
    other_practitioner: Membership,
) -> None:  # fmt: skip
    assert "Inês Carvalho" in client_for(practitioner).get("/inbox/count/").content.decode()
    for other in (receptionist, other_practitioner):
        assert "Inês" not in client_for(other).get("/inbox/count/").content.decode()
    assert client_for(receptionist).get(f"/inbox/{task.pk}/").status_code in {403, 404}
    assert client_for(other_practitioner).post(f"/inbox/{task.pk}/claim/").status_code == 404
    task.refresh_from_db()
    assert task.claimed_by_id is None
