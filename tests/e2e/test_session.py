"""The thread through the house, its session: from the reminder to the signed record."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import builders
from tests.e2e.builders import THURSDAY, Practice
from tests.e2e.conftest import Clock, Journey
from tests.e2e.mails import about, deliver, link_in, subjects
from tests.mailsink import MailSink

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_reminder_to_the_signed_session(
    journey: Journey, lices: Practice, clock: Clock, mail_sink: MailSink
) -> None:
    # Given a course that begins on Thursday at ten
    patient = builders.cleared(lices, builders.ines(lices))
    plan = builders.agreed(lices, patient)
    first, *_rest = builders.booked(lices, plan, lices.at(THURSDAY, 10))
    deliver(mail_sink)

    # When the reminder comes, and she says on her phone that she will come
    reminder = about(mail_sink.messages, "Your visit on Thursday 12 March")
    phone = journey.phone(link_in(reminder))
    journey.see(phone, "link-confirm")
    first.refresh_from_db()
    assert first.status == "booked"
    phone.get_by_role("button", name="Yes, I will come").click()
    expect(phone.get_by_text("you have confirmed")).to_be_visible()
    journey.see(phone, "link-confirmed")

    # Then on the day Noor sees it confirmed and checks her in
    clock.set(lices.at(THURSDAY, 9, 50))
    desk = journey.staff(lices.desk, "/")
    expect(desk.get_by_role("main").get_by_text("Ready", exact=True)).to_be_visible()
    journey.see(desk, "today")
    desk.goto(f"{journey.url}/appointments/{first.pk}/")
    expect(desk.get_by_role("region", name="History")).to_contain_text("the patient, by link")
    journey.see(desk, "visit")
    desk.get_by_role("button", name="Check in").click()
    expect(desk.get_by_role("button", name="Undo check-in")).to_be_visible()

    # And Dr Kara asks again, records what she gives, and signs
    clock.set(lices.at(THURSDAY, 10))
    doctor = journey.staff(lices.doctor, f"/sessions/{first.planned_session_id}/")
    journey.see(doctor, "session-gate")
    doctor.get_by_label("I asked: nothing has changed").check()
    doctor.get_by_role("button", name="Begin the session").click()
    expect(doctor.get_by_role("region", name="Injection map")).to_be_visible()
    for step in doctor.locator(".step-check input").all():
        step.check()
    doctor.get_by_label("Lot", exact=True).select_option(index=1)
    doctor.get_by_label("Spacing, mm").fill("20")
    doctor.get_by_role("button", name="Face", exact=True).click()
    expect(doctor.get_by_role("heading", name="Ready to sign")).to_be_visible()
    journey.see(doctor, "session-record")
    doctor.get_by_role("button", name="Sign", exact=True).click()
    expect(doctor.get_by_text("The record can't be changed any more").first).to_be_visible()
    journey.see(doctor, "session-signed")

    # Then the visit is done, the stock is down by the dose, and aftercare advice arrives
    first.refresh_from_db()
    assert first.status == "done"
    assert lices.hyaluron.quantity == 40
    assert "After your visit at Clinique des Lices" in subjects(deliver(mail_sink))
    doctor.goto(f"{journey.url}/stock/")
    expect(doctor.get_by_role("row", name=re.compile("HA-2201")).get_by_text("40")).to_be_visible()
    journey.see(doctor, "stock")
