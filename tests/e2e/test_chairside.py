"""At the chair with a tablet, and what follows: lots, points, signature, reaction, recall."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from aftercare.models import Message
from scheduling import services as scheduling
from scheduling.services import StatusChange
from tests.e2e import builders
from tests.e2e.builders import Practice
from tests.e2e.conftest import Clock, Journey
from tests.factories.patients import actor_for
from treatments.models import Lot, SessionRecord

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
THURSDAY = dt.date(2026, 3, 12)
TABLET = {"width": 768, "height": 1024}


def _middle_of_the_cheek(page: Page) -> tuple[float, float]:
    """A spot on the figure: 35 % from the left, 55 % from the top of its drawing."""
    # What was saved last may still move the page.
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    spot = page.evaluate(
        """() => {
          const svg = document.querySelector('svg[data-view=face]');
          svg.scrollIntoView({ block: 'center', behavior: 'instant' });
          const point = new DOMPoint(140, 290).matrixTransform(svg.getScreenCTM());
          return [point.x, point.y];
        }"""
    )
    return float(spot[0]), float(spot[1])


@contextlib.contextmanager
def _slow_line(page: Page) -> Iterator[None]:
    """Every answer comes a second late."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    as_ever = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    devtools.send("Network.emulateNetworkConditions", as_ever | {"latency": 1000})
    yield
    devtools.send("Network.emulateNetworkConditions", as_ever)
    page.wait_for_load_state("networkidle")


def _signed_over_a_slow_line(page: Page) -> None:
    """She presses Sign, twice, while her last word is still being saved."""
    with _slow_line(page):
        with page.expect_request(re.compile("/save/$")):
            page.get_by_label("Pain, 0 to 10").fill("3")
            page.get_by_label("Pain, 0 to 10").press("Tab")
        page.get_by_role("button", name="Sign", exact=True).dblclick()
        done = page.get_by_text("The record can't be changed any more").first
        expect(done).to_be_visible(timeout=15_000)


def _another_tab(page: Page, marked: int) -> None:
    # Then the draft survives the closed tab
    page.reload()
    expect(page.locator("[data-total-points]")).to_have_text(str(marked))

    # And a second tab that wrote meanwhile is not written over
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Notes", exact=True).fill("From the other tab")
    other.get_by_label("Notes", exact=True).press("Tab")
    expect(other.locator("#session-version input")).not_to_have_value(
        page.locator("#session-version input").input_value()
    )
    page.get_by_label("Reactions at the session").fill("Mild redness")
    page.get_by_label("Reactions at the session").press("Tab")
    expect(page.get_by_text("Changed on another page")).to_be_visible()
    # The page comes anew: what is typed before it is there would go with the old one.
    with page.expect_navigation():
        page.get_by_role("button", name="Keep what stands here").tap()
    expect(page.get_by_text("Changed on another page")).to_have_count(0)


def _reaction_told(journey: Journey, page: Page, record: SessionRecord) -> None:
    """A severe swelling after the session is reported."""
    page.goto(f"{journey.url}/patients/{record.patient_id}/reactions/new/?session={record.pk}")
    page.get_by_label("What happened").select_option("swelling")
    page.get_by_label("How severe").select_option("3")
    journey.see(page, "reaction-new")
    page.get_by_role("button", name="Report").tap()
    expect(page.get_by_text("Treatment is stopped")).to_be_visible()
    journey.see(page, "reaction")


def _recalled(journey: Journey, page: Page, lot: Lot) -> None:
    # When the lot is recalled, then she is told, and a call is noted
    page.goto(f"{journey.url}/trace/?q={lot.number}")
    journey.see(page, "traces")
    page.get_by_role("link", name=lot.number).tap()
    journey.see(page, "trace")
    page.get_by_label("Reason").fill("Glass in a vial")
    page.get_by_role("button", name="Recall and tell them").tap()
    page.locator("dialog[open]").get_by_role("button").last.tap()
    expect(page.get_by_text("0 of 1 reached")).to_be_visible()
    page.get_by_text("Note that they know").tap()
    page.get_by_role("button", name="Reached").tap()
    expect(page.get_by_text("1 of 1 reached")).to_be_visible()
    journey.see(page, "recall")
    page.goto(f"{journey.url}/watch/")
    journey.see(page, "watch")


def test_a_grid_is_charted_and_signed_by_touch_and_a_reaction_and_a_recall_follow(
    journey: Journey, lices: Practice, clock: Clock
) -> None:
    # Given Inês in the chair, and beside the good lot one that expired on Tuesday
    patient = builders.cleared(lices, builders.ines(lices))
    plan = builders.agreed(lices, patient)
    first, second, *_rest = builders.booked(lices, plan, lices.at(THURSDAY, 10))
    good = lices.hyaluron
    Lot.objects.create(
        clinic=lices.clinic, product=good.product, number="HA-OLD",
        expires_on=THURSDAY - dt.timedelta(days=2), quantity=5,
    )  # fmt: skip
    clock.set(lices.at(THURSDAY, 10))
    scheduling.change_status(
        clinic=lices.clinic, actor=actor_for(lices.desk), now=lices.at(THURSDAY, 10),
        change=StatusChange(appointment_id=first.pk, target="arrived"),
    )  # fmt: skip

    # When Dr Kara opens the session on her tablet and begins
    page = journey._open(TABLET, has_touch=True)
    journey.sign_in(page, lices.doctor)
    page.goto(f"{journey.url}/sessions/{first.planned_session_id}/")
    page.get_by_label("I asked: nothing has changed").check()
    page.get_by_role("button", name="Begin the session").tap()

    # And scans the expired lot, then
    journey.may_answer.add(409)
    page.get_by_label("Scan or type a lot").fill("HA-OLD")
    page.get_by_label("Scan or type a lot").press("Enter")
    expect(page.get_by_text("Lot HA-OLD has expired. Choose another one.")).to_be_visible()
    # the good one, as its DataMatrix reads
    code = f"010761234567890017{good.expires_on:%y%m%d}10{good.number}"
    page.get_by_label("Scan or type a lot").fill(code)
    page.get_by_label("Scan or type a lot").press("Enter")
    expect(
        page.get_by_text(f"Hyaluronic acid (non-cross-linked): lot {good.number}")
        .or_(page.get_by_text(f"lot {good.number}"))
        .first
    ).to_be_visible()

    # And fills the face with a grid by one touch
    page.get_by_label("Spacing, mm").fill("15")
    page.get_by_label("Per point, ml").fill("0.004")
    page.touchscreen.tap(*_middle_of_the_cheek(page))
    points = page.locator("[data-total-points]")
    expect(points).not_to_have_text("0")
    marked = int(points.inner_text())
    assert marked >= 60, "a grid over the whole face"
    # and one more point, which she takes back
    page.get_by_role("button", name="Point", exact=True).tap()
    page.touchscreen.tap(*_middle_of_the_cheek(page))
    page.get_by_role("button", name="Undo").tap()
    expect(points).to_have_text(str(marked))
    expect(page.get_by_role("heading", name="Ready to sign")).to_be_visible()
    journey.see(page, "session-charted")

    _another_tab(page, marked)

    # When she signs, then the record holds every point, and what was left is discarded
    _signed_over_a_slow_line(page)
    journey.see(page, "session-signed")
    record = SessionRecord.objects.get(planned_session=first.planned_session)
    assert sum(one.count for one in record.point_groups.all()) == marked
    assert (record.reaction, record.pain_score) == ("Mild redness", 3)

    # When a severe reaction is told by phone, then the next session can't begin
    _reaction_told(journey, page, record)
    page.goto(f"{journey.url}/sessions/{second.planned_session_id}/")
    expect(page.get_by_text(re.compile("severe reaction", re.IGNORECASE)).first).to_be_visible()

    _recalled(journey, page, good)
    assert Message.objects.filter(subject_type="recall", patient=patient).count() == 1
