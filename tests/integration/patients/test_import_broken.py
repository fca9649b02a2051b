"""Broken bundles are refused in words; the command and the page go on past them."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from mesoclinic.clinic.models import Clinic, Membership
from patients.exceptions import BundleUnreadable
from patients.models import Patient
from tests.integration.patients.bundles import (
    bundle,
    run,
)

pytestmark = pytest.mark.django_db


# --- broken bundles -------------------------------------------------------------------------------

BROKEN = {
    "empty": b"",
    "text": b"hello",
    "cut": b'{"resourceType": "Bundle", "entry": [{"resource": {"resou',
    "number": b"42",
    "list": b"[]",
    "binary": bytes(range(256)),
    "patient": b'{"resourceType": "Patient"}',
    "no_entry": b'{"resourceType": "Bundle"}',
    "nobody": b'{"resourceType": "Bundle", "entry": []}',
    "odd_entries": b'{"resourceType": "Bundle", "entry": [1, null, "x", {"resource": 3}]}',
    "nameless": b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_bundle_is_refused_in_words(clinic: Clinic, name: str) -> None:
    with pytest.raises(BundleUnreadable) as refused:
        run(clinic, BROKEN[name])
    assert len(refused.value.message) > 15
    assert not Patient.objects.exists()


def test_the_command_goes_on_past_bad_files(clinic: Clinic, tmp_path: Path) -> None:
    for name, content in BROKEN.items():
        (tmp_path / f"{name}.json").write_bytes(content)
    (tmp_path / "good.json").write_text(json.dumps(bundle()))
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match=rf"{len(BROKEN)} of {len(BROKEN) + 1}"):
        call_command("import_fhir", str(tmp_path), clinic=clinic.slug, stdout=out, stderr=err)
    assert Patient.objects.count() == 1
    assert "1 patients: 1 registered" in out.getvalue()
    for name in BROKEN:
        assert f"{name}.json: " in err.getvalue()
    assert "Traceback" not in err.getvalue()


def test_the_command_names_what_it_does_not_find(clinic: Clinic, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="lices"):
        call_command("import_fhir", str(tmp_path), clinic="nowhere")
    with pytest.raises(CommandError, match=r"no \*\.json"):
        call_command("import_fhir", str(tmp_path), clinic=clinic.slug)
    with pytest.raises(CommandError, match="1 of 1"):
        call_command(
            "import_fhir", str(tmp_path / "gone.json"), clinic=clinic.slug, stderr=StringIO()
        )


def _mutilate(value: Any, chance: random.Random) -> Any:
    """The same JSON with some values replaced by others of the wrong kind."""
    junk: list[Any] = [
        None,
        3,
        -1.5,
        True,
        "",
        "x" * 5000,
        "\u0000\ud83d",
        [],
        {},
        [[]],
        {"a": {}},
        "2026-99-99",
    ]
    if chance.random() < 0.06:
        return chance.choice(junk)
    if isinstance(value, dict):
        return {key: _mutilate(one, chance) for key, one in value.items()}
    if isinstance(value, list):
        return [_mutilate(one, chance) for one in value]
    return value


@pytest.mark.parametrize("seed", range(60))
def test_whatever_comes_is_imported_or_refused(clinic: Clinic, seed: int) -> None:
    chance = random.Random(seed)
    data = bundle()
    mutilated = {
        "resourceType": "Bundle",
        "entry": [_mutilate(entry, chance) for entry in data["entry"]],
    }
    for _ in range(2):
        with suppress(BundleUnreadable):
            run(clinic, mutilated)


# --- in the browser -------------------------------------------------------------------------------


def test_dropping_bundles_on_the_page(receptionist: Membership, client_for: Any) -> None:
    client = client_for(receptionist)
    files = [
        SimpleUploadedFile("good.json", json.dumps(bundle()).encode()),
        SimpleUploadedFile("bad.json", b"hello"),
    ]
    page = client.post(reverse("patients:import"), {"bundles": files}).content.decode()
    assert "Inês Sousa Carvalho" in page
    assert "bad.json" in page
    assert "not valid JSON" in page
    assert "1 imported, 1 refused" in page
    assert "Warfarin" not in page
    again = client.post(
        reverse("patients:import"),
        {"bundles": SimpleUploadedFile("good.json", json.dumps(bundle()).encode())},
    )
    assert b"nothing new" in again.content


def test_sending_nothing_says_so(receptionist: Membership, client_for: Any) -> None:
    page = client_for(receptionist).post(reverse("patients:import"))
    assert page.status_code == 200
    assert b"Choose at least one file" in page.content
