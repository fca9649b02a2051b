"""Files that are refused: damaged, disguised, too large, dangerous."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from PIL import Image

from mesoclinic.audit.actors import Actor
from patients.domain.filetypes import sniff
from patients.exceptions import (
    FileIsHeic,
    FileIsSvg,
    FileRefused,
    FileTooLarge,
    FileUnreadable,
    PatientClosed,
    TooManyPixels,
)
from patients.models import Patient, PatientFile
from patients.services import (
    FileLabels,
    Upload,
    add_file,
)
from patients.services.files import _prepare
from patients.services.pictures import clean_picture
from tests.factories import files as made
from tests.factories.patients import NOW
from tests.integration.patients.pictures import on_disk, stored_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (made.HEIC, FileIsHeic),
        (made.SVG, FileIsSvg),
        (b"\xef\xbb\xbf  " + made.SVG, FileIsSvg),
        (b"<html><script>alert(1)</script></html>", FileRefused),
        (b"GIF89a" + bytes(40), FileRefused),
        (b"PK\x03\x04" + bytes(40), FileRefused),
        (b"MZ" + bytes(80), FileRefused),
        (b"", FileUnreadable),
        (made.jpeg()[:900], FileUnreadable),
        (made.png()[:200], FileUnreadable),
        (b"\xff\xd8\xff" + bytes(500), FileUnreadable),
        (made.webp()[:60], FileUnreadable),
        (made.PDF[:40], FileUnreadable),
        (made.bomb(), TooManyPixels),
        (made.bomb(100_000, 700), TooManyPixels),
        (made.webp_bomb(), TooManyPixels),
    ],
)
def test_it_is_refused_with_a_sentence_at_the_field(
    patient: Patient, media: Path, data: bytes, refusal: type[FileRefused]
) -> None:
    with pytest.raises(refusal) as refused:
        made.kept(patient, data)

    assert type(refused.value) is refusal
    assert refused.value.field == "files"
    assert refused.value.message
    assert on_disk(media) == []
    assert not PatientFile.objects.exists()


def test_a_bomb_is_refused_before_it_is_opened(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.Image.open", lambda *_args, **_more: pytest.fail("it was opened"))

    with pytest.raises(TooManyPixels):
        made.kept(patient, made.bomb())


def test_a_jpeg_with_too_many_pixels_is_not_decoded(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(made.jpeg())
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = (40_000).to_bytes(2, "big") * 2
    monkeypatch.setattr(
        "PIL.ImageFile.ImageFile.load", lambda *_args: pytest.fail("it was decoded")
    )

    with pytest.raises(TooManyPixels):
        made.kept(patient, bytes(data))


def test_too_many_bytes_are_not_even_read(patient: Patient) -> None:
    upload = Upload("a.jpg", 26 * 1024 * 1024 + 1, lambda: pytest.fail("it was read"))

    with pytest.raises(FileTooLarge, match="25 MB"):
        add_file(
            actor=Actor.system(patient.clinic_id), patient=patient, upload=upload,
            labels=FileLabels(), now=NOW,
        )  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow talks about broken EXIF
@hypothesis.given(
    seed=st.sampled_from([made.camera_jpeg(size=(40, 30)), made.png(), made.webp(), made.PDF]),
    at=st.integers(0, 400),
    noise=st.binary(min_size=1, max_size=8),
    end=st.integers(20, 20_000),
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_damaged_files_are_refused_and_never_crash(
    seed: bytes, at: int, noise: bytes, end: int
) -> None:
    data = (seed[:at] + noise + seed[at + len(noise) :])[:end]

    with suppress(FileRefused):
        clean_picture(data) if sniff(data).is_picture else _prepare(data)


def archive() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("payload.html", "<script>alert('here')</script>" * 3)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        made.jpeg() + b"<html><script>alert('here')</script>",
        made.jpeg() + archive(),
        made.jpeg(comment=b"<script>alert('here')</script>"),
        made.png() + archive(),
    ],
    ids=["html behind", "zip behind", "html in the comment", "zip behind a png"],
)
def test_a_polyglot_leaves_its_second_nature_behind(patient: Patient, data: bytes) -> None:
    file = made.photograph(patient, data)

    content = stored_bytes(file)
    assert b"script" not in content
    assert not zipfile.is_zipfile(BytesIO(content))
    with Image.open(BytesIO(content)) as image:
        image.verify()


def test_an_erased_person_gets_no_files(patient: Patient, media: Path) -> None:
    patient.erased_at = NOW

    with pytest.raises(PatientClosed):
        made.kept(patient)
    assert on_disk(media) == []
