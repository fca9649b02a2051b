"""Photographs at the chair: taken on a phone, seen as small pictures, compared by keyboard."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import FilePayload, Page, expect

from patients.models import PatientFile
from tests import personas
from tests.e2e.builders import TUESDAY
from tests.e2e.conftest import Journey
from tests.factories import files as made
from tests.factories.patients import PatientFactory

pytestmark = pytest.mark.django_db(transaction=True)

PALER = (238, 208, 190)


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def split_of(page: Page) -> str:
    value: str = page.evaluate(
        "getComputedStyle(document.querySelector('[data-compare]')).getPropertyValue('--split')"
    )
    return value


def test_taken_on_a_phone_and_compared_by_keyboard(
    journey: Journey, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    clinic = personas.lices()
    doctor = personas.ayla(clinic)
    ines = PatientFactory(clinic=clinic, name="Inês Carvalho")
    before = made.photograph(
        ines, made.jpeg(made.drawn((900, 1200))), now=TUESDAY - dt.timedelta(days=400)
    )
    gallery = reverse("patients:files", args=[ines.pk])

    # Given Dr Kara with the clinic's phone in her hand, on Inês's empty half of the gallery
    page = journey.staff(doctor, reverse("patients:chart", args=[ines.pk]), width=360, height=780)
    page.get_by_role("link", name="Add or see all photographs").click()

    # When she chooses three files, of which one is a drawing
    page.get_by_label("Area").select_option("face")
    page.get_by_label("View").select_option("front")
    page.locator("#id_files").set_input_files(
        [
            payload("front.jpg", made.jpeg(made.drawn((900, 1200), PALER))),
            payload("drawing.svg", made.SVG),
        ]
    )
    expect(page.get_by_text("front.jpg")).to_be_visible()
    journey.see(page, "chosen")
    journey.may_answer.add(422)
    page.get_by_role("button", name="Keep").click()

    # Then the photograph is kept and the drawing stays in the list with the reason
    expect(page.get_by_text("SVG drawings are not kept")).to_be_visible()
    expect(page.get_by_text("Kept", exact=True)).to_be_visible()
    after = PatientFile.objects.latest("created_at")
    assert (after.area, after.view, after.uploaded_by) == ("face", "front", doctor.staff)

    # When she takes one more, which is all right
    page.goto(f"{journey.url}{gallery}?area=face&view=left")
    page.locator("#camera").set_input_files(
        payload("left.png", made.png(made.drawn((300, 400), PALER)))
    )
    page.get_by_role("button", name="Keep").click()

    # Then it stands in the gallery, and the area is ready for the next
    expect(page.get_by_role("img", name="Face · Left")).to_be_visible()
    expect(page.get_by_label("Area")).to_have_value("face")

    # When she looks at all of them
    page.goto(journey.url + gallery)
    picture = page.get_by_role("img", name="Face · Front")
    expect(picture).to_have_count(2)
    picture.last.scroll_into_view_if_needed()
    page.wait_for_function(
        "[...document.querySelectorAll('.file-tile img')].every((one) => one.naturalWidth > 0)"
    )
    journey.see(page, "gallery")

    # Then the oldest and the newest of this view are one step away
    page.get_by_role("link", name="Compare Face Front").click()
    assert f"before={before.pk}&after={after.pk}" in page.url
    slider = page.get_by_role("slider")
    expect(slider).to_have_value("50")
    journey.see(page, "compare")

    # And the slider obeys the keyboard
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("55")
    assert split_of(page) == "55%"
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100 % before")
    page.get_by_role("button", name="Side by side").click()
    expect(slider).to_be_hidden()
    expect(page.get_by_role("img")).to_have_count(2)
    journey.see(page, "sides")


def test_without_scripts_two_pictures_stand_side_by_side(
    journey: Journey, new_context: Any, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    clinic = personas.lices()
    doctor = personas.ayla(clinic)
    ines = PatientFactory(clinic=clinic)
    for tone in (made.SKIN, PALER):
        made.photograph(ines, made.jpeg(made.drawn(tone=tone)))
    page = new_context(java_script_enabled=False).new_page()
    journey.sign_in(page, doctor)

    page.goto(journey.url + reverse("patients:files-compare", args=[ines.pk]))

    expect(page.get_by_role("img")).to_have_count(2)
    boxes = [one.bounding_box() for one in page.get_by_role("img").all()]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    page.goto(journey.url + reverse("patients:files", args=[ines.pk]))
    page.locator("#id_files").set_input_files([payload("letter.pdf", made.PDF)])
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("1 file is kept.")).to_be_visible()


def test_a_desk_screen(journey: Journey, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    clinic = personas.lices()
    doctor = personas.ayla(clinic)
    ines = PatientFactory(clinic=clinic, name="Inês Carvalho")
    tones = (made.SKIN, PALER, (210, 160, 140), (245, 220, 200), (190, 150, 130))
    for number, tone in enumerate(tones):
        made.photograph(
            ines, made.jpeg(made.drawn((900, 1200), tone)),
            labels={"area": "face" if number < 4 else "neck", "view": "left" if number == 3 else "front"},
            now=TUESDAY - dt.timedelta(days=28 * number),
        )  # fmt: skip
    made.kept(ines, made.PDF, name="Laboratory March.pdf")

    page = journey.staff(doctor, reverse("patients:files", args=[ines.pk]))
    page.get_by_role("img").first.wait_for()
    journey.see(page, "desk-gallery")
    page.goto(journey.url + reverse("patients:files-compare", args=[ines.pk]))
    journey.see(page, "desk-compare")
    file = PatientFile.objects.filter(kind="photograph").latest("taken_at")
    page.goto(journey.url + reverse("patients:file", args=[file.pk]))
    journey.see(page, "desk-file")
    page.get_by_text("Withdraw").first.click()
    page.get_by_label("Why").fill("Belongs to another patient")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn. The record keeps it, nobody sees it.")).to_be_visible()
    page.goto(journey.url + reverse("patients:chart", args=[ines.pk]))
    expect(page.get_by_role("link", name="4 photographs, 1 document")).to_be_visible()
    journey.see(page, "desk-chart")
    page.goto(journey.url + reverse("patients:files", args=[PatientFactory(clinic=clinic).pk]))
    journey.see(page, "empty")
