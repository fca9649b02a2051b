"""A manager changes what is sent, looks at it, holds everything back, and lets it go."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from aftercare.models import MessageTemplate, ProgrammeStep
from tests.e2e import builders
from tests.e2e.builders import Practice
from tests.e2e.conftest import Journey
from tests.factories.clinic import ManagerFactory

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = dt.date(2026, 3, 10)


def test_a_manager_changes_a_message_and_holds_the_post(journey: Journey, lices: Practice) -> None:
    journey.may_answer = {422}
    # Given a patient with a course, whose messages stand in one list
    patient = builders.cleared(lices, builders.ines(lices))
    builders.booked(lices, builders.agreed(lices, patient), lices.at(TODAY, 14))
    zita = journey.staff(ManagerFactory(clinic=lices.clinic), f"/messages/of/{patient.pk}/")
    expect(zita.get_by_text("Will be planned").first).to_be_visible()
    journey.see(zita, "messages-of-patient")

    # When Zita makes the short reminder one for those who bruise, two hours before
    zita.get_by_role("link", name="Programme").click()
    journey.see(zita, "programme")
    zita.get_by_role("link", name="Short reminder 3 h before").click()
    zita.get_by_label("How long").fill("2")
    zita.get_by_label("What the record says").select_option("anticoagulant")
    journey.see(zita, "programme-step")
    zita.get_by_role("button", name="Save").click()

    # Then the programme says so, in a version of its own
    expect(zita.get_by_text("2 hours before")).to_be_visible()
    expect(zita.get_by_text("Changed: Short reminder 3 h before.")).to_be_visible()
    assert ProgrammeStep.objects.get(clinic=lices.clinic, key="visit-reminder-3h").version == 2

    # When she writes what must not stand in a subject, it is said at the field and nothing is lost
    row = MessageTemplate.objects.get(clinic=lices.clinic, key="checkin", language="en")
    zita.goto(f"{journey.url}/programme/texts/")
    journey.see(zita, "texts")
    zita.goto(f"{journey.url}/programme/texts/{row.pk}/")
    zita.get_by_label("Subject").fill("After your mesotherapy")
    zita.get_by_role("button", name="Save").click()
    expect(zita.get_by_text(re.compile("speaks of health: mesotherap")).first).to_be_visible()
    zita.get_by_label("Subject").fill("How is it going?")
    zita.locator("textarea[name=body]").fill("# Hello {{ patient_name }}\n\nAll well?")
    zita.get_by_role("button", name="Look on a phone").click()
    expect(zita.frame_locator("iframe[name=mail-phone]").get_by_text("Hello Alex")).to_be_visible()
    journey.see(zita, "text", exclude=("iframe",))
    zita.get_by_role("button", name="Save").click()
    expect(zita.get_by_text("Saved.")).to_be_visible()

    # And when she holds everything, Today says so until she lets it go
    zita.goto(f"{journey.url}/messages/hold/")
    zita.get_by_role("button", name="Hold all messages").click()
    zita.get_by_role("alertdialog").get_by_role("button", name="Hold all messages").click()
    expect(zita.get_by_role("heading", name="Messages are held")).to_be_visible()
    journey.see(zita, "messages-held")
    zita.goto(f"{journey.url}/")
    expect(zita.get_by_text("No messages leave.")).to_be_visible()
    zita.get_by_role("link", name="Look and decide").click()
    zita.get_by_role("button", name="Send everything that is due").click()
    expect(zita.get_by_text("Messages leave again.")).to_be_visible()
    journey.see(zita, "ledger")
