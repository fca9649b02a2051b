"""Patients read in their own language: a French patient gets French pages."""

from __future__ import annotations

import datetime as dt
import gettext
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone, translation

from aftercare.services import seeding
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients.forms.clinical import STATEMENT
from patients.models import Patient, PatientLink
from patients.services import create_link

LOCALE = Path(__file__).resolve().parents[3] / "locale"


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "Arrêter ces messages"), ("en", "Stop these")]
)
def test_a_link_speaks_the_patients_language(clinic: Clinic, language: str, words: str) -> None:
    seeding.seed_clinic(clinic)
    patient = Patient.objects.create(
        clinic=clinic, name="Noémie Faure", record_number="P-1", language=language
    )
    now = timezone.now()
    _link, token = create_link(
        actor=Actor.system(clinic.pk), patient=patient, purpose=PatientLink.Purpose.UNSUBSCRIBE,
        subject_id=None, expires_at=now + dt.timedelta(days=1), now=now,
    )  # fmt: skip
    page = Client().get(f"/p/{token}/unsubscribe/").content.decode()
    assert words in page
    assert f'<html lang="{language}">' in page


def test_what_a_patient_signs_is_in_french() -> None:
    with translation.override("fr"):
        assert str(STATEMENT).startswith("J'ai répondu à ces questions")


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    """`msgfmt` was run after the last change of the .po file."""
    folder = LOCALE / "fr" / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)
    source = (folder / "django.po").read_text("utf-8")
    unquote = lambda text: text[1:-1].replace('\\"', '"').replace("\\\\", "\\")  # noqa: E731
    for entry in source.split("\nmsgid ")[2:]:
        original, _sep, rest = entry.partition("\nmsg")
        kind, _sep, said = rest.partition(" ")
        said, _sep, rest = said.partition("\n")
        if kind == "str":
            assert compiled.gettext(unquote(original)) == unquote(said)
            continue
        for number, line in ((1, rest.split("\n")[0]), (2, rest.split("\n")[1])):
            one = compiled.ngettext(unquote(original), unquote(said), number)
            assert one == unquote(line.partition(" ")[2])
