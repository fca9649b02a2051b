"""The default programme and its messages: complete, in both languages, and discreet."""

from __future__ import annotations

import json
import re
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from aftercare.domain.timing import Offset, OffsetUnit, StepTiming
from tests.unit.treatments.catalogue_world import INGREDIENTS

DATA = Path(__file__).resolve().parents[3] / "aftercare" / "data"
STEPS: list[dict[str, Any]] = json.loads((DATA / "programme.json").read_text("utf-8"))
TEMPLATES: list[dict[str, str]] = json.loads((DATA / "templates.json").read_text("utf-8"))
# Words that would tell a stranger who looks at the phone why somebody goes to the clinic.
TELLING = {
    "pregnan", "allerg", "cancer", "injection", "mesotherapy", "mésothérapie", "botox", "acne",
    "hair", "fat", "dose", "screening", "result", "reaction", "infection", "bruise",
}  # fmt: skip


def test_steps_and_templates_fit_together() -> None:
    keys = [row["key"] for row in STEPS]
    assert len(keys) == len(set(keys))
    written = {row["key"] for row in TEMPLATES}
    assert {row["template_key"] for row in STEPS} == written
    for key in written:
        languages = {row["language"] for row in TEMPLATES if row["key"] == key}
        assert languages == {"en", "fr"}


def test_the_programme_covers_the_knowledge_base() -> None:
    offsets = {(row["anchor"], row["offset"], row["offset_unit"]) for row in STEPS if row["offset"]}
    assert offsets >= {
        ("visit", -3, "days"), ("visit", -2, "days"), ("visit", -3, "hours"),
        ("signed", 1, "days"), ("signed", 3, "days"), ("signed", 7, "days"),
    }  # fmt: skip
    at_once = {row["anchor"] for row in STEPS if not row["offset"]}
    assert {"booked", "moved", "cancelled", "signed", "invited"} <= at_once


@pytest.mark.parametrize("row", STEPS, ids=lambda row: str(row["key"]))
def test_steps_are_readable_timings(row: dict[str, Any]) -> None:
    wall = row.get("at_local_time")
    step = StepTiming(
        Offset(row["offset"], OffsetUnit(row["offset_unit"])),
        time.fromisoformat(wall) if wall else None,
        row.get("is_urgent", False),
        Offset(row["expires"], OffsetUnit(row["expires_unit"])) if "expires" in row else None,
    )
    assert step.offset.before == (row["offset"] < 0)
    assert row["purpose"] in {"visits", "care", "news"}


@pytest.mark.parametrize("row", TEMPLATES, ids=lambda row: f"{row['key']}-{row['language']}")
def test_subjects_and_links_tell_nothing(row: dict[str, str]) -> None:
    subject = row["subject"].lower()
    assert not [word for word in TELLING if word in subject]
    assert not [facts.name for facts in INGREDIENTS.values() if facts.name.lower() in subject]
    assert len(row["subject"]) <= 150
    assert "\n" not in row["subject"]
    assert "http" not in row["body"]
    for line in row["body"].splitlines():
        if re.search(r"\{\{ \w+_link \}\}", line):
            assert re.fullmatch(r"[^:]{1,60}: \{\{ \w+_link \}\}", line)


def test_check_ins_always_name_the_emergency_number() -> None:
    for row in TEMPLATES:
        if row["key"] in {"aftercare-now", "checkin", "checkin-marks"}:
            assert "{{ emergency_number }}" in row["body"]


def test_nobody_is_told_to_stop_a_medicine() -> None:
    bodies = {
        row["language"]: row["body"] for row in TEMPLATES if row["key"] == "visit-preparation"
    }
    assert "doctor agrees" in bodies["en"]
    assert "votre médecin est d'accord" in bodies["fr"]
