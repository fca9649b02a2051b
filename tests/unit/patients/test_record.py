"""Lines of the record become facts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from patients.domain.record import (
    Fact,
    ItemKind,
    Person,
    RecordItem,
    build_record_facts,
    is_denial,
    medicine_key,
)
from tests.unit.patients.screening_worlds import TERMS, TODAY


def test_facts_are_sorted_unique_and_keep_the_words() -> None:
    items = [
        RecordItem(ItemKind.MEDICINE, "Warfarin Sodium 5 MG", active=True),
        RecordItem(ItemKind.MEDICINE, "Warfarin Sodium 5 MG", active=True),
        RecordItem(ItemKind.MEDICINE, "Ibuprofen", active=False),
        RecordItem(ItemKind.CONDITION, "History of stroke"),
        RecordItem(ItemKind.ALLERGY, "Allergy to fish"),
    ]
    record = build_record_facts(items, TERMS, Person(TODAY, "female", guardian_consent=True), TODAY)
    assert record.facts == (
        Fact("allergen:fish", "Allergy to fish"),
        Fact("allergy", "Allergy to fish"),
        Fact("anticoagulant", "Warfarin Sodium 5 MG"),
        Fact("nsaid", "Ibuprofen", active=False),
        Fact("stroke", "History of stroke", active=False),
    )
    assert record.medicines == ("Warfarin Sodium 5 MG",)
    assert record.active_tags == {"allergen:fish", "allergy", "anticoagulant"}
    assert record.past_tags == {"nsaid", "stroke"}
    assert (record.sex, record.guardian_consent) == ("female", True)


@pytest.mark.parametrize(
    ("weeks", "tag"), [(0, "pregnancy"), (44, "pregnancy"), (45, "pregnancy_unclear")]
)
def test_an_old_active_pregnancy_is_unclear(weeks: int, tag: str) -> None:
    item = RecordItem(ItemKind.CONDITION, "Pregnant", since=TODAY - timedelta(weeks=weeks))
    record = build_record_facts([item], TERMS, Person(), TODAY)
    assert record.active_tags == {tag}


def test_a_pregnancy_without_a_beginning_counts_as_active() -> None:
    item = RecordItem(ItemKind.CONDITION, "Pregnant")
    assert build_record_facts([item], TERMS, Person(), TODAY).active_tags == {"pregnancy"}


@pytest.mark.parametrize(
    ("text", "denial"),
    [
        ("No known allergies", True),
        ("NKDA", True),
        ("none", True),
        ("", True),
        ("No allergies", True),
        ("Fish", False),
        ("Nonsteroidals", False),
    ],
)
def test_denials_are_no_allergies(text: str, denial: bool) -> None:
    assert is_denial(text) is denial
    facts = build_record_facts(
        [RecordItem(ItemKind.ALLERGY, text)], TERMS, Person(), date(2026, 1, 1)
    )
    assert ("allergy" in facts.active_tags) is not denial


def test_one_medicine_has_one_key() -> None:
    assert medicine_key("Simvastatin 20 MG Oral Tablet") == medicine_key("simvastatin")
    assert medicine_key("0.4 ML Enoxaparin") == "enoxaparin"
    assert medicine_key("B12") == "b12"
