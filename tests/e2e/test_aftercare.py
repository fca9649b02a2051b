"""The thread through the house, afterwards: a patient in trouble, and who takes it up."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from aftercare.tasks import ring_alarms
from tests.e2e import builders
from tests.e2e.builders import THURSDAY, Practice
from tests.e2e.conftest import Clock, Journey
from tests.e2e.mails import about, deliver, link_in, subjects, text_of
from tests.mailsink import MailSink

pytestmark = pytest.mark.django_db(transaction=True)


def _read_and_ask_on(journey: Journey, phone: Page, doctor: Page, mail_sink: MailSink) -> None:
    """The patient reads an answer behind a fresh code, and asks something more."""
    # Then the mail says only that there is an answer, and a fresh code opens it
    told = about(deliver(mail_sink), "You have an answer")
    assert "noon" not in text_of(told)
    phone.goto(link_in(told))
    journey.see(phone, "answer-code")
    phone.get_by_role("button", name="Mail me a code").click()
    expect(phone.get_by_role("button", name="Read the answer")).to_be_visible()
    mails = "\n".join(text_of(mail) for mail in deliver(mail_sink))
    phone.get_by_label("Code").fill(re.findall(r"\b(\d{6})\b", mails)[0])
    phone.get_by_role("button", name="Read the answer").click()
    expect(phone.get_by_text("Come at noon")).to_be_visible()
    journey.see(phone, "answer")

    # And she asks on, which waits in the inbox
    phone.get_by_label("Ask something more").fill("May I take ibuprofen?")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("May I take ibuprofen?")).to_be_visible()
    doctor.goto(f"{journey.url}/inbox/?kind=question")
    expect(doctor.get_by_role("main").get_by_text("Asks a question")).to_be_visible()


def test_fever_and_pus_alarm_the_practitioner_and_stop_the_next_session(
    journey: Journey, lices: Practice, clock: Clock, mail_sink: MailSink
) -> None:
    # Given a session that was signed on Thursday at half past ten
    patient = builders.cleared(lices, builders.ines(lices))
    plan = builders.agreed(lices, patient)
    first, second, *_rest = builders.booked(lices, plan, lices.at(THURSDAY, 10))
    clock.set(lices.at(THURSDAY, 10, 30))
    builders.held_session(lices, first, lices.at(THURSDAY, 10))
    assert "After your visit" in str(subjects(deliver(mail_sink)))

    # And Dr Kara at her desk, with the plan of somebody else before her
    clock.set(lices.at(THURSDAY + dt.timedelta(days=1), 10, 40))
    doctor = journey.staff(lices.doctor, "/plans/")
    expect(doctor.locator("#urgent")).to_be_hidden()

    # When the check-in comes a day later and she reports fever and pus, one question at a time
    checkin = about(deliver(mail_sink), "How are you today?")
    phone = journey.phone(link_in(checkin))
    journey.see(phone, "checkin")
    phone.get_by_label("Redness or small marks").check()
    phone.get_by_text("Bad", exact=True).click()
    phone.get_by_role("button", name="Next").click()
    expect(phone.get_by_role("heading", name="Redness or small marks")).to_be_visible()
    journey.see(phone, "checkin-detail")
    phone.get_by_role("button", name="Back").click()
    phone.get_by_label("Heat or pus").check()
    phone.get_by_label("Fever or shivering").check()
    phone.get_by_role("button", name="Send").click()

    # Then her phone says to call now
    expect(phone.get_by_role("link", name=re.compile("Call"))).to_be_visible()
    journey.see(phone, "checkin-done")

    # And Dr Kara's screen shows it within five seconds, and her mailbox says nothing of who it is
    alarm = doctor.locator("#urgent")
    expect(alarm.get_by_text("Inês Carvalho").first).to_be_visible(timeout=5000)
    journey.see(doctor, "alarm")
    ring_alarms()
    alert = about(mail_sink.messages, "somebody is needed now")
    assert "Inês" not in text_of(alert)
    assert lices.doctor.staff.email in str(alert["To"])
    second.refresh_from_db()
    assert second.status == "on_hold"

    # When she takes it, the alarm is over, and she writes to her patient
    alarm.get_by_role("button", name=re.compile("I do it")).click()
    expect(doctor.get_by_role("heading", name="What was said")).to_be_visible()
    expect(doctor.locator("#urgent")).to_be_hidden()
    journey.see(doctor, "checkin-read")
    doctor.get_by_label("Your answer").fill("Come at noon, I will look at it.")
    doctor.get_by_role("button", name="Send").click()
    journey.see(doctor, "conversation")
    doctor.goto(f"{journey.url}/inbox/")
    journey.see(doctor, "inbox")
    doctor.goto(f"{journey.url}/")
    journey.see(doctor, "today-urgent")

    # Then she reads the answer, and the gate stops the next session until it is settled
    _read_and_ask_on(journey, phone, doctor, mail_sink)
    doctor.goto(f"{journey.url}/sessions/{second.planned_session_id}/")
    gate = doctor.get_by_role("region", name="May it begin?")
    expect(gate.get_by_text("Stop", exact=True)).to_be_visible()
    journey.see(doctor, "gate-stopped")
    doctor.goto(f"{journey.url}/patients/{patient.pk}/")
    journey.see(doctor, "chart-after")
