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
from tests.integration.mesoclinic.french import patients_texts

LOCALE = Path(__file__).resolve().parents[3] / "locale"
# On pages that patients read, too: what only the clinic's own people press or see.
FOR_STAFF = {
    "For staff", "For staff: go on", "Preview", "Close preview", "preview, nothing is kept",
    "Nothing to show yet", "Add a section with a question first.",
}  # fmt: skip


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


def test_every_text_that_a_patient_can_meet_has_its_french() -> None:
    with (LOCALE / "fr" / "LC_MESSAGES" / "django.mo").open("rb") as stream:
        french = gettext.GNUTranslations(stream)
    french.add_fallback(_Nothing())
    texts = {pair for pair in patients_texts() if pair[1] not in FOR_STAFF}

    assert len(texts) > 250
    assert [pair for pair in sorted(texts) if not _said(french, pair[1])] == []


class _Nothing(gettext.NullTranslations):
    """Where there is no French: nothing, so that English is not taken for it."""

    def gettext(self, message: str) -> str:
        return ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return ""


def _said(french: gettext.GNUTranslations, message: str) -> str:
    return french.gettext(message) or french.ngettext(message, message, 1)


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
