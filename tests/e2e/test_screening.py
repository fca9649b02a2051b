"""Screening on a phone without connection, on a tablet at a later visit, and before the practitioner."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from patients import services
from patients.models import Screening
from tests.e2e import builders
from tests.e2e.builders import TUESDAY, Practice
from tests.e2e.conftest import Journey
from tests.factories.patients import actor_for, good_answers

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lift_ride_loses_no_answer_and_the_signature_is_kept(
    journey: Journey, lices: Practice
) -> None:
    # Given a questionnaire on the tablet at the desk, its first section open
    patient = builders.ines(lices)
    doctor = journey.staff(lices.doctor, f"/patients/{patient.pk}/screening/new/")
    doctor.get_by_role("button", name="Begin").click()
    doctor.wait_for_url(re.compile("/fill/"))
    doctor.wait_for_load_state("networkidle")
    doctor.wait_for_timeout(2_000)
    doctor.wait_for_load_state("networkidle")  # the pages to come are fetched beforehand

    assert doctor.evaluate("document.fonts.check('1em bootstrap-icons')")  # the note's sign, too

    # When the connection is gone while she answers and goes on
    doctor.context.set_offline(True)
    doctor.locator('input[name="pregnancy"][value="no"]').check()
    doctor.locator('input[name="breastfeeding"][value="not_applicable"]').check()
    doctor.get_by_role("button", name="Next").click()

    # Then the next section is there, and the page says that nothing is lost
    expect(doctor.get_by_role("heading", level=1)).to_have_text("Your skin")
    expect(doctor.get_by_text("Your answers are kept on this device")).to_be_visible()
    doctor.locator('input[name="keloid"][value="unknown"]').check()

    # And when it is back, everything arrives by itself and nothing stays on the device
    doctor.context.set_offline(False)
    expect(doctor.get_by_text("Saved")).to_be_visible()
    draft = Screening.objects.get(patient=patient)
    _until(doctor, lambda: "keloid" in Screening.objects.get(pk=draft.pk).answers)
    draft.refresh_from_db()
    assert draft.answers["pregnancy"] == "no"
    assert draft.answers["breastfeeding"] == "not_applicable"
    assert draft.answers["keloid"] == "unknown"
    _until(doctor, lambda: not doctor.evaluate(_KEPT))
    journey.errors.clear()  # the browser reports every request that the lift swallowed

    # When the rest is answered and signed with a finger
    _answer_the_rest(draft, lices)
    doctor.goto(f"{journey.url}/screenings/{draft.pk}/fill/?step=99")
    doctor.locator("[data-sign-pad] svg").scroll_into_view_if_needed()
    pad = doctor.locator("[data-sign-pad] svg").bounding_box()
    assert pad is not None
    doctor.mouse.move(pad["x"] + 40, pad["y"] + 60)
    doctor.mouse.down()
    doctor.mouse.move(pad["x"] + 200, pad["y"] + 90, steps=5)
    doctor.mouse.up()
    journey.see(doctor, "sign")
    doctor.get_by_role("button", name="Sign and submit").click()
    doctor.get_by_role("link", name="For staff: go on").click()

    # Then the doubt waits for Dr Kara with the words that were signed, and she decides
    expect(doctor.get_by_text("Review").first).to_be_visible()
    expect(doctor.get_by_role("img", name="Drawn signature")).to_be_visible()
    expect(doctor.get_by_text("I have answered these questions truthfully")).to_be_visible()
    journey.see(doctor, "review")
    doctor.get_by_label("Treat with conditions").check()
    doctor.get_by_label("Conditions", exact=False).last.fill("Not on the scar.")
    doctor.get_by_label("Reason", exact=False).fill("Old scars are flat.")
    doctor.get_by_role("button", name="Sign the decision").click()
    expect(doctor.get_by_text("The decision is signed.")).to_be_visible()
    expect(doctor.get_by_text("Not on the scar.")).to_be_visible()


def test_at_the_next_visit_only_what_has_changed_is_asked_and_shown(
    journey: Journey, lices: Practice
) -> None:
    # Given a patient who was cleared before
    patient = builders.cleared(lices, builders.ines(lices))

    # When Dr Kara asks on the tablet what has changed
    tablet = journey.staff(
        lices.doctor, f"/patients/{patient.pk}/screening/new/", width=768, height=1024
    )
    tablet.get_by_role("button", name=re.compile("What has changed since")).click()
    expect(tablet.get_by_role("heading", level=1)).to_contain_text("What has changed since")
    journey.see(tablet, "changes")
    tablet.get_by_label(re.compile("^Medicines")).check()
    tablet.get_by_role("button", name="Go on").click()

    # Then that part alone is gone through
    expect(tablet.get_by_text("Part 1 of 1")).to_be_visible()
    tablet.locator('input[name="anticoagulants"][value="yes"]').check()
    tablet.get_by_role("button", name="Next").click()
    tablet.get_by_role("button", name="Sign and submit").click()
    tablet.get_by_role("link", name="For staff: go on").click()

    # And she sees the difference only, the rest folded away
    changes = tablet.get_by_role("region", name=re.compile("What has changed since"))
    expect(changes.get_by_role("listitem")).to_have_count(1)
    expect(changes).to_contain_text("Do you take medicine that thins your blood?")
    expect(tablet.get_by_text("Have you ever had a stroke?")).to_be_hidden()
    journey.see(tablet, "differences")

    # When nothing has changed the time after, that is said with one press
    again: Page = journey.staff(lices.doctor, f"/patients/{patient.pk}/screening/new/")
    again.get_by_role("button", name=re.compile("What has changed since")).click()
    again.get_by_role("button", name="Go on").click()
    expect(again.get_by_text("Recorded: nothing has changed.")).to_be_visible()


_KEPT = "Object.keys(window.localStorage).filter((key) => key.includes('filling')).length"


def _until(page: Page, holds: Callable[[], bool]) -> None:
    """What a page sends by itself arrives a moment after it says so."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        page.wait_for_timeout(200)


def _answer_the_rest(draft: Screening, lices: Practice) -> None:
    answers = {**good_answers(draft.questionnaire), **draft.answers}
    services.save_answers(
        actor=actor_for(lices.doctor), screening=draft, answers=answers, now=TUESDAY
    )
