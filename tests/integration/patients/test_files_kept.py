"""Photographs and documents: what is kept of them, and what is not."""

from __future__ import annotations

import datetime as dt
import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mesoclinic.common.errors import Invalid
from patients.models import Patient
from patients.services import (
    vault,
)
from tests.factories import files as made
from tests.factories.patients import NOW
from tests.integration.patients.pictures import on_disk, stored_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (made.png(), "image/png"),
        (made.jpeg(), "image/jpeg"),
        (made.webp(), "image/jpeg"),
    ],
)
def test_a_picture_is_kept_under_a_name_that_says_nothing(
    patient: Patient, media: Path, data: bytes, media_type: str
) -> None:
    file = made.photograph(patient, data, name="ines-carvalho.png")

    assert (file.kind, file.media_type, file.width, file.height) == (
        "photograph", media_type, 320, 400,
    )  # fmt: skip
    assert len(Path(file.stored_name).stem) == 32
    assert "ines" not in file.stored_name
    assert hashlib.sha256(stored_bytes(file)).hexdigest() == file.sha256
    assert file.size == len(stored_bytes(file))
    with Image.open(vault.path_of(file.thumbnail_name)) as small:
        assert max(small.size) <= 480
    assert len(on_disk(media)) == 2
    assert vault.path_of(file.stored_name).stat().st_mode & 0o007 == 0


def test_position_owner_and_comment_are_gone_and_it_stands_upright(patient: Patient) -> None:
    data = made.camera_jpeg()
    assert made.SECRET.encode() in data

    file = made.photograph(patient, data)

    for name in (file.stored_name, file.thumbnail_name):
        content = vault.path_of(name).read_bytes()
        assert made.SECRET.encode() not in content
        assert b"Exif" not in content
        with Image.open(BytesIO(content)) as image:
            assert not dict(image.getexif())
            assert "comment" not in image.info
            assert image.height > image.width  # it came lying on its side
    assert (file.width, file.height) == (300, 400)


def test_the_camera_says_when(patient: Patient) -> None:
    file = made.photograph(patient, made.camera_jpeg("2026:02:03 14:05:06"))

    assert file.taken_at == dt.datetime(2026, 2, 3, 13, 5, 6, tzinfo=dt.UTC)  # Rennes, winter


@pytest.mark.parametrize("nonsense", ["2031:01:01 00:00:00", "0000:00:00 00:00:00", "soon"])
def test_a_camera_with_a_wrong_clock_is_not_believed(patient: Patient, nonsense: str) -> None:
    assert made.photograph(patient, made.camera_jpeg(nonsense)).taken_at == NOW


def test_staff_know_the_day_better(patient: Patient) -> None:
    day = dt.date(2026, 2, 2)
    file = made.photograph(patient, made.camera_jpeg(), labels={"taken_on": day})
    same = made.photograph(
        patient, made.camera_jpeg(orientation=1), labels={"taken_on": dt.date(2026, 2, 3)}
    )

    assert file.taken_at == dt.datetime(2026, 2, 2, 11, 0, tzinfo=dt.UTC)
    assert same.taken_at == dt.datetime(2026, 2, 3, 13, 5, 6, tzinfo=dt.UTC)


def test_a_day_to_come_is_refused(patient: Patient, media: Path) -> None:
    with pytest.raises(Invalid) as refused:
        made.kept(patient, labels={"taken_on": dt.date(2026, 3, 11)})

    assert refused.value.field == "taken_on"
    assert on_disk(media) == []


def test_the_type_is_told_by_content_not_by_name(patient: Patient) -> None:
    file = made.photograph(patient, made.png(), name="letter.pdf")

    assert file.media_type == "image/png"
    assert file.stored_name.endswith(".png")


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1"])
def test_every_kind_of_pixel_comes_out_as_plain_colour(patient: Patient, mode: str) -> None:
    image = Image.new("I;16", (40, 30), 65535) if mode == "I;16" else made.drawn().convert(mode)
    data = made.jpeg(image) if mode == "CMYK" else made.png(image)

    file = made.photograph(patient, data)

    with Image.open(BytesIO(stored_bytes(file))) as kept:
        assert kept.mode == "RGB"
        if mode == "I;16":
            assert kept.getpixel((5, 5)) == (255, 255, 255)


def test_a_large_photograph_is_scaled_down(patient: Patient) -> None:
    file = made.photograph(patient, made.jpeg(Image.new("RGB", (6000, 3000), made.SKIN)))

    assert (file.width, file.height) == (4096, 2048)


def test_a_picture_made_of_several_is_its_first(patient: Patient) -> None:
    out = BytesIO()
    made.drawn().save(out, "MPO", save_all=True, append_images=[made.drawn((64, 64))])

    file = made.photograph(patient, out.getvalue())

    assert (file.media_type, file.width) == ("image/jpeg", 320)


def test_a_pdf_is_kept_as_it_is_and_is_a_document(patient: Patient) -> None:
    kept = made.kept(patient, made.PDF, name="Laboratory March.pdf", labels={"kind": "photograph"})

    assert kept.file is not None
    assert (kept.file.kind, kept.file.title) == ("document", "Laboratory March")
    assert stored_bytes(kept.file) == made.PDF
    assert kept.file.width is None
