"""Two records of one person become one, and nothing that protects the patient is lost."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.domain.merge import (
    ALLERGY_CERTAINTIES,
    ALLERGY_SEVERITIES,
    graver,
    line_key,
    stricter,
    stricter_person,
)
from patients.domain.record import ItemKind, Person, RecordItem

FISH = RecordItem(ItemKind.ALLERGY, "Fish", ("snomed:1",))
STOPPED = RecordItem(ItemKind.MEDICINE, "Warfarin", active=False)
TAKEN = RecordItem(ItemKind.MEDICINE, "Warfarin")
LINES = st.lists(
    st.builds(
        RecordItem,
        st.sampled_from(ItemKind),
        st.sampled_from(["Fish", "fish", " FISH ", "Warfarin", "Stroke"]),
        st.lists(st.sampled_from(["snomed:1", "snomed:2"]), max_size=2).map(tuple),
        st.booleans(),
        st.sampled_from([None, date(2026, 1, 1), date(2020, 1, 1)]),
    ),
    max_size=5,
).map(tuple)


def test_the_same_line_is_kept_once_with_all_codes() -> None:
    other = RecordItem(ItemKind.ALLERGY, "fish ", ("snomed:2",))
    assert stricter((FISH,), (other,)) == (
        RecordItem(ItemKind.ALLERGY, "Fish", ("snomed:1", "snomed:2")),
    )


def test_what_one_record_calls_over_does_not_end_what_the_other_calls_active() -> None:
    assert set(stricter((TAKEN,), (STOPPED,))) == {TAKEN, STOPPED}


@pytest.mark.parametrize(
    "other",
    [
        RecordItem(ItemKind.CONDITION, "Fish", ("snomed:1",)),
        RecordItem(ItemKind.ALLERGY, "Fish.", ("snomed:1",)),
        RecordItem(ItemKind.ALLERGY, "Fish", ("snomed:1",), since=date(2026, 1, 1)),
        RecordItem(ItemKind.ALLERGY, "Fish", ("snomed:1",), active=False),
    ],
)
def test_lines_that_differ_in_meaning_stay_apart(other: RecordItem) -> None:
    assert len(stricter((FISH,), (other,))) == 2
    assert line_key(FISH) != line_key(other)


@given(LINES, LINES, LINES)
@settings(deadline=None, max_examples=60)
def test_merging_does_not_depend_on_who_comes_first(
    a: tuple[RecordItem, ...], b: tuple[RecordItem, ...], c: tuple[RecordItem, ...]
) -> None:
    merged = stricter(a, b)
    assert merged == stricter(b, a)
    assert stricter(merged, merged) == merged
    assert stricter(merged, c) == stricter(a, stricter(b, c))
    assert {line_key(item) for item in merged} == {line_key(item) for item in (*a, *b)}
    for item in (*a, *b):
        (kept,) = [one for one in merged if line_key(one) == line_key(item)]
        assert set(item.codes) <= set(kept.codes)


def test_the_younger_and_the_one_without_consent_is_protected() -> None:
    adult = Person(date(1985, 6, 1), "female", guardian_consent=True)
    child = Person(date(2012, 6, 1), "", guardian_consent=False)
    merged = Person(date(2012, 6, 1), "female", guardian_consent=False)
    assert stricter_person(adult, child) == stricter_person(child, adult) == merged
    assert stricter_person(Person(None, "male"), adult).birth_date == adult.birth_date
    assert stricter_person(Person(None, "male"), adult).sex == "male"
    assert stricter_person(adult, adult).guardian_consent
    assert stricter_person(Person(), Person()) == Person()


@pytest.mark.parametrize(
    ("a", "b", "gravest"),
    [
        ("mild", "severe", "severe"), ("unknown", "moderate", "unknown"),
        ("unknown", "severe", "severe"), ("mild", "moderate", "moderate"),
        ("severe", "no word for it", "no word for it"), ("odd", "other", "odd"),
    ],
)  # fmt: skip
def test_the_graver_reaction_counts(a: str, b: str, gravest: str) -> None:
    assert graver(ALLERGY_SEVERITIES, a, b) == gravest
    assert graver(ALLERGY_CERTAINTIES, "suspected", "confirmed") == "confirmed"
