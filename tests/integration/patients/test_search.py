"""Finding people as they are written, spoken and misspelt."""

from __future__ import annotations

from typing import Any

import pytest

from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from patients.selectors import search_patients
from tests.factories.patients import PatientFactory

pytestmark = pytest.mark.django_db

PEOPLE = (
    ("Gül Şahin", "+905321234567", "gul@example.org", "P-00001"),
    ("Johann Müller", "+491711234567", "jm@example.de", "P-00002"),
    ("Noémie Faure", "+33612345678", "noemie@example.fr", "P-00003"),
    ("Łukasz Wójcik", "+48501234567", "lukasz@example.pl", "P-00042"),
    ("Søren Ångström", "+4520123456", "", "P-00005"),
    ("李 明 Li Ming", "+8613912345678", "", "P-00006"),
    ("Xu Bo", "", "", "P-00007"),
    ("Seán O'Brien-Núñez", "", "", "P-00008"),
    ("100% Real_Name", "", "", "P-00009"),
)


@pytest.fixture(autouse=True)
def people(clinic: Clinic, other_clinic: Clinic) -> None:
    for name, phone, email, number in PEOPLE:
        for place in (clinic, other_clinic):
            PatientFactory(
                clinic=place, name=name, family_name=name.split()[-1], phone=phone, email=email,
                record_number=number,
            )  # fmt: skip


def found(clinic: Clinic, query: str) -> list[str]:
    return [patient.name for patient in search_patients(clinic, query).patients]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("sahin", "Gül Şahin"),
        ("ŞAHİN", "Gül Şahin"),
        ("gul sah", "Gül Şahin"),
        ("muller", "Johann Müller"),
        ("Müller johann", "Johann Müller"),
        ("noemie", "Noémie Faure"),
        ("NOÉMIE FAURE", "Noémie Faure"),
        ("lukasz wojcik", "Łukasz Wójcik"),
        ("soren", "Søren Ångström"),
        ("angstrom", "Søren Ångström"),
        ("xu", "Xu Bo"),
        ("bo", "Xu Bo"),
        ("li ming", "李 明 Li Ming"),
        ("李", "李 明 Li Ming"),
        ("o'brien", "Seán O'Brien-Núñez"),
        ("nunez sean", "Seán O'Brien-Núñez"),
        ("100%", "100% Real_Name"),
        ("real_n", "100% Real_Name"),
        ("06 12 34 56 78", "Noémie Faure"),
        ("0612345678", "Noémie Faure"),
        ("+33 6 12 34 56 78", "Noémie Faure"),
        ("0033612345678", "Noémie Faure"),
        ("+33 (0)6 12 34 56 78", "Noémie Faure"),
        ("06.12.34.56.78", "Noémie Faure"),
        ("345678", "Noémie Faure"),
        ("0532 123 45 67", "Gül Şahin"),
        ("noemie@example.fr", "Noémie Faure"),
        ("example.de", "Johann Müller"),
        ("P-00042", "Łukasz Wójcik"),
        ("p-00042", "Łukasz Wójcik"),
        ("00042", "Łukasz Wójcik"),
        ("42", "Łukasz Wójcik"),
    ],
)
def test_found(clinic: Clinic, query: str, name: str) -> None:
    assert name in found(clinic, query)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Mullr", "Johann Müller"),
        ("Mueler", "Johann Müller"),
        ("johan muler", "Johann Müller"),
        ("Sahiin", "Gül Şahin"),
        ("noemi fauré", "Noémie Faure"),
        ("Wojcick", "Łukasz Wójcik"),
    ],
)
def test_typos(clinic: Clinic, query: str, name: str) -> None:
    assert found(clinic, query)[:1] == [name]


def test_what_is_written_right_keeps_the_similar_away(clinic: Clinic) -> None:
    PatientFactory(clinic=clinic, name="Johann Mülller", family_name="Mülller")
    page = search_patients(clinic, "muller")
    assert [patient.name for patient in page.patients] == ["Johann Müller"]
    assert not page.by_similarity
    assert search_patients(clinic, "muellller").by_similarity


@pytest.mark.parametrize(
    "query", ["zzzzqqq", "%", "_", "\\", "'", '"', "(", "a" * 100, "\x00", "  "]
)
def test_odd_queries_do_no_harm(clinic: Clinic, query: str) -> None:
    found(clinic, query)


def test_the_likeliest_comes_first(clinic: Clinic) -> None:
    for name in ("Johann Müllerovka", "Johanna Mullins", "Hans Mulder"):
        PatientFactory(clinic=clinic, name=name, family_name=name.split()[-1])
    assert found(clinic, "johan mullerr")[0] == "Johann Müller"


def test_one_query(clinic: Clinic, django_assert_num_queries: Any) -> None:
    for query in ("muller", "mullr", "0612345678", ""):
        with django_assert_num_queries(1):
            search_patients(clinic, query)


def test_only_the_own_clinic(clinic: Clinic) -> None:
    for query in ("muller", "mullr", "42", "0612345678", ""):
        assert {one.clinic_id for one in search_patients(clinic, query).patients} == {clinic.pk}


def test_the_erased_are_not_found(clinic: Clinic) -> None:
    from tests.factories.patients import NOW

    Patient.objects.filter(name="Johann Müller").update(erased_at=NOW)
    assert "Johann Müller" not in found(clinic, "muller")
    assert "Johann Müller" not in found(clinic, "mullr")


def test_pages_follow_one_another_without_gap(clinic: Clinic) -> None:
    for number in range(45):
        PatientFactory(clinic=clinic, name=f"Same Name {number % 3}", family_name="Name")
    seen: list[Any] = []
    after, pages = "", 0
    while True:
        page = search_patients(clinic, after=after, limit=10)
        seen += [patient.pk for patient in page.patients]
        pages += 1
        if not page.after:
            break
        after = page.after
    assert pages == 6
    assert len(seen) == len(set(seen)) == Patient.objects.filter(clinic=clinic).count()


@pytest.mark.parametrize("cursor", ["x", "!!!", "bnVsbA", "WzEsMl0", "W10", "é"])
def test_a_broken_cursor_starts_anew(clinic: Clinic, cursor: str) -> None:
    assert search_patients(clinic, after=cursor).patients == search_patients(clinic).patients
