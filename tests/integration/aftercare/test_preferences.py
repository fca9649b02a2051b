"""Stopping messages by one click, and what a person decides about those that did not arrive."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.test import Client

from aftercare.models import Message, StaffTask
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import ContactPreference, Patient, PatientLink
from patients.services import PatientData, update_patient
from tests.factories import aftercare as make
from tests.factories.treatments import NOW, actor_of
from tests.factories.treatments import patient as new_patient
from tests.mailsink import MailSink
from tests.personas import client_for

MINUTE = dt.timedelta(minutes=1)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def unsubscribe_path(mail: object) -> str:
    offer: str = mail["List-Unsubscribe"]  # type: ignore[index]
    return offer.strip("<>").split("/", 3)[3].join(["/", ""])


@pytest.fixture
def offer(ines: Patient, mail_sink: MailSink) -> str:
    """The path of the one-click address of a mail about visits."""
    make.template(ines.clinic)
    make.message(ines, NOW)
    make.post(NOW)
    return unsubscribe_path(mail_sink.messages[0])


@pytest.fixture(autouse=True)
def at_the_desk() -> object:
    with time_machine.travel(NOW + MINUTE, tick=False):
        yield


def test_one_click_stops_this_kind_and_leaves_what_care_needs(
    offer: str, ines: Patient, mail_sink: MailSink
) -> None:
    optional = make.message(ines, NOW + 60 * MINUTE)
    essential = make.message(ines, NOW + 60 * MINUTE, is_essential=True)
    care = make.message(ines, NOW + 60 * MINUTE, purpose="care")

    for _n in range(2):
        answer = Client(enforce_csrf_checks=True).post(offer, ONE_CLICK)
        assert answer.status_code == 200

    optional.refresh_from_db()
    assert (optional.state, optional.why) == (
        "suppressed", "The patient opted out of such messages."
    )  # fmt: skip
    make.post(NOW + 60 * MINUTE)
    sent = set(Message.objects.filter(state="sent", sent_at__gt=NOW).values_list("pk", flat=True))
    assert sent == {essential.pk, care.pk}
    choices = ContactPreference.objects.values_list("channel", "purpose", "allowed")
    assert set(choices) == {("email", "visits", False), ("phone", "visits", False)}
    made = AuditEntry.objects.filter(model="patients.contactpreference", action="insert")
    assert [one.actor_kind for one in made] == ["link", "link"]


def test_looking_at_the_page_stops_nothing(offer: str) -> None:
    shown = Client().get(offer)
    assert Client().head(offer).status_code == shown.status_code == 200
    assert "Visits: confirmations and reminders" in shown.content.decode()
    assert not ContactPreference.objects.exists()


def test_an_opt_out_committed_before_the_claim_counts(
    offer: str, ines: Patient, mail_sink: MailSink
) -> None:
    Client().post(offer, ONE_CLICK)
    late = make.message(ines, NOW)
    make.post(NOW + MINUTE)
    late.refresh_from_db()
    assert late.state == "suppressed"
    assert len(mail_sink.messages) == 1


def test_a_link_that_came_with_no_message_stops_news_only(ines: Patient) -> None:
    _link, token = make.link(ines, PatientLink.Purpose.UNSUBSCRIBE, None, NOW)
    Client().post(f"/p/{token}/unsubscribe/", ONE_CLICK)
    assert {one.purpose for one in ContactPreference.objects.all()} == {"news"}


# --- no address, a new address -------------------------------------------------------------


@pytest.fixture
def unreachable(lices: Clinic) -> Patient:
    make.template(lices)
    return new_patient(lices, "Bruno Costa", email="")


def test_a_patient_without_an_address_is_one_task_and_stops_nobody(
    unreachable: Patient, ines: Patient, mail_sink: MailSink
) -> None:
    for _n in range(3):
        make.message(unreachable, NOW)
    make.message(ines, NOW)
    make.post(NOW)
    assert len(mail_sink.messages) == 1
    task = StaffTask.objects.get()
    assert (task.kind, task.role, task.subject_id) == ("no_address", "front_desk", unreachable.pk)
    assert task.url == f"/patients/{unreachable.pk}/"


def change_address(patient: Patient, member: Membership, email: str) -> None:
    data = replace(PatientData.of(patient), email=email)
    update_patient(actor=actor_of(member), patient=patient, data=data, now=NOW + MINUTE)


def test_with_a_new_address_one_click_sends_what_is_still_worth_it(
    unreachable: Patient, receptionist: Membership, mail_sink: MailSink
) -> None:
    fresh = make.message(unreachable, NOW)
    stale = make.message(unreachable, NOW, expires_at=NOW + MINUTE)
    make.post(NOW)
    change_address(unreachable, receptionist, "bruno@example.org")
    task = StaffTask.objects.get(done_at=None)
    assert (task.title, task.url) == ("has a new address", f"/patients/{unreachable.pk}/")
    assert "1 message" in task.detail

    client = client_for(receptionist)
    assert "did not arrive" in client.get(task.url).content.decode()
    client.post(f"/messages/resend/{unreachable.pk}/")
    client.post(f"/messages/resend/{unreachable.pk}/")
    make.post(NOW + 2 * MINUTE)

    (mail,) = mail_sink.messages
    assert mail["Message-ID"] == fresh.message_id
    stale.refresh_from_db()
    assert stale.state == "failed"
    assert not StaffTask.objects.filter(done_at=None).exists()


def test_a_changed_address_without_failures_asks_nothing(
    ines: Patient, receptionist: Membership
) -> None:
    change_address(ines, receptionist, "new@example.org")
    assert not StaffTask.objects.exists()


def test_an_address_taken_away_closes_nothing(
    unreachable: Patient, receptionist: Membership, mail_sink: MailSink
) -> None:
    make.message(unreachable, NOW)
    make.post(NOW)
    change_address(unreachable, receptionist, "")
    assert StaffTask.objects.get().done_at is None


def test_a_message_leaves_to_the_address_that_holds_when_it_leaves(
    ines: Patient, receptionist: Membership, mail_sink: MailSink
) -> None:
    make.template(ines.clinic)
    make.message(ines, NOW)
    change_address(ines, receptionist, "ines.new@example.org")
    make.post(NOW + MINUTE)
    assert mail_sink.recipients == [["ines.new@example.org"]]


def test_an_address_with_an_accent_in_its_domain_arrives(
    ines: Patient, mail_sink: MailSink
) -> None:
    make.template(ines.clinic)
    Patient.objects.filter(pk=ines.pk).update(email="ines@münchen.example")
    make.message(ines, NOW)
    make.post(NOW)
    assert mail_sink.recipients == [["ines@xn--mnchen-3ya.example"]]


# --- held messages -------------------------------------------------------------------------


@pytest.fixture
def held(ines: Patient) -> Message:
    make.template(ines.clinic)
    message = make.message(ines, NOW, state="held", interruptions=2, attempts=2)
    make.task(
        ines, NOW, kind=StaffTask.Kind.MESSAGE_UNCLEAR, subject_id=message.pk, title="unclear"
    )
    return message


def test_a_held_message_is_sent_by_a_persons_decision(
    held: Message, receptionist: Membership, mail_sink: MailSink
) -> None:
    client_for(receptionist).post(f"/messages/{held.pk}/release/", {"decision": "send"})
    make.post(NOW + MINUTE)
    held.refresh_from_db()
    assert held.state == "sent"
    assert [m["Message-ID"] for m in mail_sink.messages] == [held.message_id]
    assert StaffTask.objects.get().done_by == "the system"
    assert "Noor Haddad" in " ".join(held.events.values_list("why", flat=True))


def test_a_held_message_is_left_by_a_persons_decision(
    held: Message, receptionist: Membership, mail_sink: MailSink
) -> None:
    client = client_for(receptionist)
    client.post(f"/messages/{held.pk}/release/", {"decision": "drop"})
    make.post(NOW + MINUTE)
    held.refresh_from_db()
    assert held.state == "skipped"
    assert not mail_sink.messages
    twice = client.post(f"/messages/{held.pk}/release/", {"decision": "send"}, follow=True)
    assert "not waiting for a decision" in twice.content.decode()


def test_a_decision_that_is_none_is_refused(held: Message, receptionist: Membership) -> None:
    client_for(receptionist).post(f"/messages/{held.pk}/release/", {})
    held.refresh_from_db()
    assert held.state == "held"
