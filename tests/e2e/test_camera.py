"""A vial held before the tablet's camera, where the browser itself reads no barcodes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from scheduling import services as scheduling
from scheduling.services import StatusChange
from tests.conftest import PROJECT
from tests.e2e import builders
from tests.e2e.conftest import PATIENCE_MS, CheckAccessibility, Clock, Journey
from tests.factories.patients import actor_for
from treatments.models import Lot, SessionRecord

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
THURSDAY = dt.date(2026, 3, 12)
# GS1 DataMatrix made with bwip-js: (01)07612345678900(17)270930(10)HA-2231(21)000481
VIAL = PROJECT / "tests" / "fixtures" / "barcodes" / "ha-2231.png"
EXPIRES = dt.date(2027, 9, 30)


def _filmed(code: Path, film: Path) -> None:
    """A film (YUV4MPEG2, one frame, which the browser repeats) of a code held askew and unsharp."""
    scene = Image.new("L", (640, 480), 190)
    label = Image.open(code).convert("L").resize((210, 210), Image.Resampling.BICUBIC)
    scene.paste(label, (215, 135))
    scene = scene.rotate(12, Image.Resampling.BICUBIC, fillcolor=190)
    scene = scene.filter(ImageFilter.GaussianBlur(0.8))
    colourless = bytes([128]) * (320 * 240)
    head = b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\nFRAME\n"
    film.write_bytes(head + scene.tobytes() + 2 * colourless)


@pytest.fixture
def with_camera(launch_browser: Callable[..., Browser], tmp_path: Path) -> Any:
    """A browser whose camera sees the vial."""
    film = tmp_path / "vial.y4m"
    _filmed(VIAL, film)
    browser = launch_browser(
        args=[
            "--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ]
    )  # fmt: skip
    yield browser
    browser.close()


def test_the_camera_reads_the_vial_with_a_decoder_that_is_loaded_only_then(
    with_camera: Browser,
    live_server: LiveServer,
    check_accessibility: CheckAccessibility,
    journey: Journey,
    clock: Clock,
) -> None:
    # Given Inês in the chair, and on the shelf the vial that the camera will see
    at = builders.practice(journey.url)
    patient = builders.cleared(at, builders.ines(at))
    first = builders.booked(at, builders.agreed(at, patient), at.at(THURSDAY, 10))[0]
    lot = Lot.objects.create(
        clinic=at.clinic, product=at.hyaluron.product, number="HA-2231", expires_on=EXPIRES,
        quantity=5,
    )  # fmt: skip
    clock.set(at.at(THURSDAY, 10))
    scheduling.change_status(
        clinic=at.clinic, actor=actor_for(at.desk), now=at.at(THURSDAY, 10),
        change=StatusChange(appointment_id=first.pk, target="arrived"),
    )  # fmt: skip
    tablet = {"width": 768, "height": 1024}

    # When her computer has no camera that may be used, then she is told what to do
    page = journey._open(tablet, has_touch=True)
    journey.sign_in(page, at.doctor)
    page.goto(f"{journey.url}/sessions/{first.planned_session_id}/")
    page.get_by_label("I asked: nothing has changed").check()
    page.get_by_role("button", name="Begin the session").tap()
    page.get_by_role("button", name="Scan with the camera").tap()
    expect(page.get_by_text("Allow it in the browser")).to_be_visible()

    # When her tablet has one, though no detector of its own
    with_sight = Journey(live_server, with_camera.new_context, check_accessibility, None)
    page = with_sight._open(tablet, has_touch=True)
    loaded: list[str] = []
    page.on("request", lambda one: loaded.append(one.url))
    with_sight.sign_in(page, at.doctor)
    page.goto(f"{journey.url}/sessions/{first.planned_session_id}/")
    camera = page.get_by_role("button", name="Scan with the camera")
    expect(camera).to_be_visible()
    assert page.evaluate("'BarcodeDetector' in window") is False
    assert not any("zxing" in one for one in loaded)
    camera.tap()

    # Then the vial's lot stands in the syringe without a key being touched
    expect(page.get_by_text("Lot HA-2231 · exp 09/27")).to_be_visible(timeout=PATIENCE_MS)
    assert any("zxing" in one for one in loaded)
    record = SessionRecord.objects.get(planned_session=first.planned_session)
    assert str(lot.pk) in str(record.draft)
    assert not with_sight.errors
