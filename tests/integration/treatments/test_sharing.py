"""The file that clinics share protocols and recipes with: out, in again, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from tests.factories import treatments as make
from tests.personas import client_for
from treatments import services
from treatments.exceptions import SharedFileRefused
from treatments.models import Protocol, Recipe
from treatments.selectors.catalogue import protocols
from treatments.selectors.sharing import export_catalogue

NOW = make.NOW
File = dict[str, Any]


@pytest.fixture
def file(clinic: Clinic) -> File:
    """What the Lices give out."""
    services.seed_clinic(clinic)
    return export_catalogue(clinic, NOW)


def _states(clinic: Clinic, file: File, actor: Actor, *, dry_run: bool = False) -> set[str]:
    content = json.dumps(file).encode()
    outcomes = services.import_catalogue(
        clinic=clinic, content=content, actor=actor, now=NOW, dry_run=dry_run
    )
    return {one.state for one in outcomes}


def _offered_when_approved(old: Protocol, new: Protocol) -> None:
    """An approved protocol stays in use until somebody has approved what came in."""

    def offered() -> set[int]:
        rows = protocols(old.clinic).filter(key=old.key)
        assert all(set(row.indication_set.all()) == set(old.indication_set.all()) for row in rows)
        return {row.version for row in rows}

    assert offered() == {2}
    Protocol.objects.filter(pk=old.pk).update(approved_at=NOW)
    assert offered() == {1}
    Protocol.objects.filter(pk=new.pk).update(approved_at=NOW)
    assert offered() == {2}
    Protocol.objects.filter(key=old.key, clinic=old.clinic).update(approved_at=None)


def test_what_one_clinic_gives_out_another_takes_in_and_gives_out_the_same(
    clinic: Clinic, other_clinic: Clinic, actor: Actor, file: File
) -> None:
    assert _states(clinic, file, actor) == {"same"}
    services.seed_clinic(other_clinic)
    Recipe.objects.for_clinic(other_clinic).delete()
    mine = Protocol.objects.for_clinic(other_clinic).order_by("key")[0]
    mine.phases.update(sessions_max=99)
    assert _states(other_clinic, file, actor, dry_run=True) == {"new", "version", "same"}
    assert not Recipe.objects.for_clinic(other_clinic).exists()

    assert _states(other_clinic, file, actor) == {"new", "version", "same"}

    again = export_catalogue(other_clinic, NOW)
    assert again["protocols"] == file["protocols"]
    assert again["recipes"] == file["recipes"]
    newest = Protocol.objects.for_clinic(other_clinic).get(key=mine.key, version=2)
    assert newest.approved_at is None
    _offered_when_approved(mine, newest)
    assert not Recipe.objects.for_clinic(other_clinic).filter(approved_at__isnull=False).exists()
    assert _states(other_clinic, file, actor) == {"same"}


_SPOILT: dict[str, Callable[[File], object]] = {
    "format": lambda file: file.update(format="other"),
    "format_version": lambda file: file.update(format_version=2),
    "half a character": lambda file: file["protocols"][0].update(name="\ud800"),
    "nul": lambda file: file["recipes"][0].update(note="a\0b"),
    "unit as a list": lambda file: file["protocols"][0]["phases"][0].update(gap_unit=[]),
    "number as a text": lambda file: file["protocols"][0]["phases"][0].update(gap_min="7"),
    "dose as a number": lambda file: file["recipes"][0]["items"][0].update(dose=1.5),
    "dose above the ceiling": lambda file: file["recipes"][0]["items"][0].update(dose="99999"),
    "unknown ingredient": lambda file: file["recipes"][0]["items"][0].update(ingredient={}),
    "twice": lambda file: file["protocols"].append(file["protocols"][0]),
    "no list": lambda file: file.update(recipes={}),
}


@pytest.mark.parametrize("how", _SPOILT)
def test_a_spoilt_file_is_refused_whole(clinic: Clinic, actor: Actor, file: File, how: str) -> None:
    file["protocols"][-1]["name"] += ", ours"
    _SPOILT[how](file)
    with pytest.raises(SharedFileRefused) as refusal:
        _states(clinic, file, actor)
    assert refusal.value.problems
    assert not Protocol.objects.for_clinic(clinic).filter(version__gt=1).exists()


def test_a_file_is_looked_at_on_the_page_before_it_is_taken_in(
    clinic: Clinic, practitioner: Membership, file: File
) -> None:
    ayla, url = client_for(practitioner), reverse("treatments:catalogue-share")
    given = ayla.get(reverse("treatments:catalogue-download"))
    assert json.loads(given.content)["recipes"] == file["recipes"]
    file["recipes"][0]["name"] = "Hair, our way"
    upload = SimpleUploadedFile("theirs.json", json.dumps(file).encode())
    looked = ayla.post(url, {"file": upload})
    assert "Hair, our way" in looked.content.decode()
    assert not Recipe.objects.for_clinic(clinic).filter(name="Hair, our way").exists()
    taken = ayla.post(url, {"content": json.dumps(file), "take": "1"}, follow=True)
    assert "Taken in." in taken.content.decode()
    assert Recipe.objects.for_clinic(clinic).get(name="Hair, our way").approved_at is None
    assert ayla.post(url, {"content": "no json", "take": "1"}).status_code == 422
