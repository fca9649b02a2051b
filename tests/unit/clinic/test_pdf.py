"""Documents say what they were told, in every European alphabet, and always in the same bytes."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from mesoclinic.clinic.pdf import FONTS, Document, Letterhead
from mesoclinic.staticfinder import VENDOR_FILES, vendor_file

CREATED = dt.datetime(2026, 3, 4, 9, 30, tzinfo=dt.UTC)
HEAD = Letterhead(name="Lice clinic", address="12 rue de la Paix\n75002 Paris", phone="+33 1 23")
NAMES = "Łukasz Öztürk, Şeyma Ağaoğlu, Győző Erdős, Zoë Åström, Ελένη Παπαδοπούλου, Иван Щёголев"


def new(**changes: Any) -> Document:
    return Document(**{"title": "Consent", "letterhead": HEAD, "created": CREATED, **changes})


def read(document: Document) -> PdfReader:
    return PdfReader(io.BytesIO(document.content()))


def words(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def picture(size: tuple[int, int] = (400, 300), mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size, "teal").save(stream, "PNG")
    return stream.getvalue()


def test_says_what_it_was_told() -> None:
    document = new()
    document.heading("Treatment")
    document.subheading("Where")
    document.paragraph(NAMES)
    document.note("Not medical advice")
    document.bullets(["first", "second"])
    document.facts([("Indication", "Hair loss"), ("Left out", "")])
    document.table(["Ingredient", "Dose"], [["Zinc", "2 mg"]], widths=(3, 1), right=(1,))
    document.rule()
    reader = read(document)

    text = words(reader)
    for piece in ("Lice clinic", "12 rue de la Paix, 75002 Paris", "+33 1 23", "Consent"):
        assert piece in text
    for piece in ("Treatment", "Where", NAMES, "Not medical advice", "second", "Hair loss"):
        assert piece in text
    assert "Zinc" in text
    assert "2 mg" in text
    assert "Left out" not in text
    assert "Page 1 of 1" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "Consent"
    assert reader.metadata.author == "Lice clinic"
    assert reader.metadata.creation_date == CREATED
    assert str(reader.root_object["/Lang"]) == "en"
    assert [getattr(entry, "title", "") for entry in reader.outline] == ["Treatment"]


def test_same_calls_same_bytes_and_another_word_or_time_other_bytes() -> None:
    def content(text: str = "one", **changes: Any) -> bytes:
        document = new(**changes)
        document.paragraph(text)
        document.picture(picture(), caption="Before")
        return document.content()

    first = content()
    assert content(created=CREATED.astimezone(dt.timezone(dt.timedelta(hours=2)))) == first
    assert content("two") != first
    assert content(created=CREATED + dt.timedelta(seconds=1)) != first


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        new(created=dt.datetime(2026, 3, 4))  # noqa: DTZ001


@pytest.mark.parametrize("block", ["paragraph", "facts", "table", "bullets"])
def test_long_text_breaks_over_pages_and_loses_no_word(block: str) -> None:
    numbered = [f"w{number}" for number in range(1500)]
    long = " ".join(numbered[:-50]) + "\n" + "\n".join(numbered[-50:])
    document = new()
    match block:
        case "paragraph":
            document.paragraph(long)
        case "facts":
            document.facts([("Notes", long), ("After", "the end")])
        case "table":
            document.table(["Notes", "By"], [[long, "Ayla"], ["short", "Ben"]], widths=(1, 3))
        case _:
            document.bullets([long, "the end"])
    reader = read(document)

    assert len(reader.pages) > 1
    text = words(reader).split()
    assert set(numbered) <= set(text)
    assert f"Page 2 of {len(reader.pages)}" in words(reader)


def test_the_head_of_a_table_stands_on_every_page() -> None:
    document = new()
    document.table(["Session", "Dose"], [[f"number {n}", "2 mg"] for n in range(120)])
    reader = read(document)

    assert len(reader.pages) > 1
    assert all("Session" in page.extract_text() for page in reader.pages)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_pictures_stand_side_by_side_with_captions(mode: str) -> None:
    document = new()
    document.pictures([(picture(mode=mode), "Before"), (picture((300, 900), mode), "After")])
    reader = read(document)

    assert len(reader.pages[0].images) == 2
    assert "Before After" in words(reader)


def test_a_picture_taller_than_a_page_is_scaled_to_fit() -> None:
    document = new()
    document.picture(picture((40, 4000)))

    assert len(read(document).pages) <= 2


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    cell=st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)
def test_no_text_makes_it_fail(text: str, cell: str) -> None:
    document = new(title=text)
    document.heading(text)
    document.facts([(text, cell)])
    document.table(["a", "b"], [[text, cell]])

    assert document.content().startswith(b"%PDF")


def test_fonts_are_found_where_only_collected_files_are_left(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "staticfiles"
    name = FONTS["B"]
    with pytest.raises(FileNotFoundError, match="collectstatic"):
        vendor_file(name)

    collected = tmp_path / "staticfiles" / name
    collected.parent.mkdir(parents=True)
    collected.write_bytes(b"x")
    assert vendor_file(name) == collected

    installed = tmp_path / "node_modules" / VENDOR_FILES[name]
    installed.parent.mkdir(parents=True)
    installed.write_bytes(b"x")
    assert vendor_file(name) == installed
