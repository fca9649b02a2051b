"""Booking online on a phone, slowly: the time that was held runs out, what was typed does not."""

from __future__ import annotations

import datetime as dt
import re

from django.urls import reverse
from playwright.sync_api import Page, expect

from scheduling.models import Appointment, OnlineBooking, OnlineRules, VisitType
from tests.e2e.builders import TUESDAY, Practice
from tests.e2e.conftest import Clock, Journey
from tests.e2e.mails import text_of
from tests.mailsink import MailSink


def take_a_time(page: Page) -> None:
    page.locator(".slot").first.click()
    page.get_by_role("button", name="Take this time").click()
    page.wait_for_url(re.compile("/book/.+/.+"))


def test_what_was_typed_outlives_the_time_that_was_held(
    journey: Journey, lices: Practice, clock: Clock, mail_sink: MailSink
) -> None:
    VisitType.objects.filter(clinic=lices.clinic, key="consultation").update(is_online=True)
    OnlineRules.objects.create(clinic=lices.clinic, is_open=True)
    page = journey.phone(journey.url + reverse("scheduling:online", args=[lices.clinic.slug]))
    journey.see(page, "times")
    take_a_time(page)
    journey.see(page, "who")
    said = {"Name": "Maëlle Le Goff", "E-mail": "maelle@example.org", "Phone": "06 12 34 56 78"}
    for label, words in said.items():
        page.get_by_label(label).fill(words)

    clock.set(TUESDAY + dt.timedelta(hours=1))
    journey.may_answer = {409, 410}
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="See free times").click()
    take_a_time(page)
    for label, words in said.items():
        expect(page.get_by_label(label)).to_have_value(words)

    page.get_by_label("Date of birth").fill("1990-05-17")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Code")).to_be_visible()
    code = re.search(r"\d{6}", text_of(mail_sink.messages[-1]))
    assert code
    page.get_by_label("Code").fill(code[0])
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_text("It is booked")).to_be_visible()
    journey.see(page, "booked")
    assert Appointment.objects.get().patient.name == "Maëlle Le Goff"
    assert page.evaluate("sessionStorage.length") == 0


def test_who_goes_back_is_led_on_and_holds_one_time_only(journey: Journey, lices: Practice) -> None:
    VisitType.objects.filter(clinic=lices.clinic, key="consultation").update(is_online=True)
    OnlineRules.objects.create(clinic=lices.clinic, is_open=True)
    page = journey.phone(journey.url + reverse("scheduling:online", args=[lices.clinic.slug]))
    expect(page.get_by_text("Still kept for you")).to_be_hidden()
    take_a_time(page)
    form = page.url
    page.go_back()
    expect(page.get_by_text("Still kept for you")).to_be_visible()
    journey.see(page, "still held")
    page.get_by_role("link", name="Go on with it").click()
    page.wait_for_url(form)

    page.go_back()
    take_a_time(page)
    assert page.url != form
    assert OnlineBooking.objects.filter(status="held").count() == 1

    page.go_back()
    page.get_by_role("button", name="Give it back").click()
    expect(page.get_by_role("button", name="Take this time")).to_be_visible()
    expect(page.get_by_text("Still kept for you")).to_be_hidden()
    assert not OnlineBooking.objects.filter(status="held").exists()
