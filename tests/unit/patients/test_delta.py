"""What has changed since an earlier screening."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.domain.delta import Change, differences
from patients.domain.questionnaire import (
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Section,
    Severity,
    Trigger,
)
from patients.domain.record import RecordFacts
from patients.domain.screening import evaluate
from tests.unit.patients import screening_specs as small
from tests.unit.patients.screening_worlds import (
    ADULT,
    ANSWERS,
    SPEC,
    TERMS,
    TODAY,
    clear_answers,
)


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    clear = clear_answers()
    return differences(SPEC, clear | before, clear | after, TERMS)


def test_equal_answers_have_no_difference() -> None:
    assert changes({}, {}) == ()


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("stroke", True, "yes"),
        ("conditions", ["asthma", "liver"], ["liver", "asthma", "asthma"]),
        ("medicine_list", ["Warfarin"], [{"name": " Warfarin "}]),
        ("other_conditions", "ill", " ill "),
        ("other_conditions", "", None),
        ("made_up", "yes", "no"),
    ],
)
def test_the_same_answer_in_other_clothes_is_no_difference(
    key: str, before: object, after: object
) -> None:
    assert changes({key: before}, {key: after}) == ()


def test_the_gravest_change_comes_first_and_then_what_got_worse() -> None:
    before = {"stroke": "no", "nsaids": "yes", "keloid": "no", "bruising": "no", "sun": "rarely"}
    after = {"stroke": "yes", "nsaids": "no", "keloid": "yes", "bruising": "yes", "sun": "often"}
    assert changes(before, after) == (
        Change("stroke", "no", "yes", 3, graver=True),
        Change("keloid", "no", "yes", 2, graver=True),
        Change("nsaids", "yes", "no", 2),
        Change("bruising", "No", "Yes", 1, graver=True),
        Change("sun", "Rarely", "Often", 0),
    )


@pytest.mark.parametrize(
    ("before", "after", "weight", "graver"),
    [
        ({"stroke": "no"}, {"stroke": "unknown"}, 2, True),
        ({"stroke": "unknown"}, {"stroke": "yes"}, 3, True),
        ({"stroke": "no"}, {"stroke": "perhaps"}, 2, True),
        ({"stroke": "no"}, {"stroke": None}, 2, True),
        ({"stroke": "yes"}, {"stroke": None}, 3, False),
        ({"cancer": "now"}, {"cancer": "past"}, 3, False),
        ({"medicine_count": "one"}, {"medicine_count": "two"}, 3, True),
        ({"medicine_list": ["Zinc"]}, {"medicine_list": ["Zinc", "Magnesium"]}, 3, False),
        ({}, {"allergy_list": ["fish"]}, 3, True),
        ({"allergy_list": ["dust"]}, {"allergy_list": ["dust", "egg"]}, 3, True),
        ({}, {"vaccination_on": "2026-03-10"}, 2, True),
        ({"vaccination_on": "2026-03-10"}, {"vaccination_on": "2026-03-11"}, 2, False),
        ({}, {"other_conditions": "I had a stroke"}, 2, True),
        ({}, {"expectations": "Smooth skin"}, 0, False),
        ({}, {"alcohol": "daily"}, 0, False),
    ],
)
def test_weights(
    before: dict[str, object], after: dict[str, object], weight: int, graver: bool
) -> None:
    (change,) = changes(before, after)
    assert (change.weight, change.graver) == (weight, graver)


def test_two_unreadable_answers_differ_by_their_words() -> None:
    (change,) = changes({"stroke": "perhaps"}, {"stroke": "who knows"})
    assert (change.before, change.after) == ("perhaps", "who knows")
    assert changes({"stroke": "perhaps"}, {"stroke": "perhaps"}) == ()


def test_numbers_and_dates_weigh_by_the_rules_on_them() -> None:
    spec = _counting()
    (number,) = differences(spec, {"number": "5"}, {"number": 20})
    assert (number.before, number.after, number.weight) == ("5", "20", 2)
    assert differences(spec, {"number": "20,0"}, {"number": Decimal(20)}) == ()
    (day,) = differences(spec, {}, {"day": "2026-03-10"})
    assert (day.weight, day.graver) == (1, True)


def _counting() -> QuestionnaireSpec:
    questions = (
        Question("number", QuestionKind.NUMBER, {"en": "How many?"}),
        Question("day", QuestionKind.DATE, {"en": "When?"}),
    )
    rules = (
        Rule(
            "many", Severity.CAUTION, {"en": "M"}, (Trigger("number", at_least=Decimal(20)),), "G"
        ),
        Rule("new", Severity.NOTE, {"en": "N"}, (Trigger("day", within_days=7),), "G"),
    )
    return QuestionnaireSpec("1", 10, (Section("s", {"en": "S"}, questions),), rules)


@given(ANSWERS, ANSWERS)
@settings(max_examples=60, deadline=None)
def test_differences_turn_round_and_are_sorted(
    one: dict[str, object], other: dict[str, object]
) -> None:
    there, back = differences(SPEC, one, other, TERMS), differences(SPEC, other, one, TERMS)
    assert {change.question for change in there} == {change.question for change in back}
    turned = {change.question: change for change in back}
    for change in there:
        same = turned[change.question]
        assert (change.before, change.after) == (same.after, same.before)
        assert change.weight == same.weight
        assert not (change.graver and same.graver)
    weights = [change.weight for change in there]
    assert weights == sorted(weights, reverse=True)
    assert differences(SPEC, one, one, TERMS) == ()


@given(ANSWERS, ANSWERS)
@settings(max_examples=60, deadline=None)
def test_without_a_difference_the_judgement_is_the_same(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """Nothing that the practitioner does not see as a change can change the outcome."""
    changed = {change.question for change in differences(SPEC, one, other, TERMS)}
    known = RecordFacts(birth_date=ADULT)
    same = {key: value for key, value in other.items() if key not in changed}
    same |= {key: value for key, value in one.items() if key in changed}
    assert evaluate(SPEC, same, known, TODAY, TERMS) == evaluate(SPEC, one, known, TODAY, TERMS)


@given(small.specs(positive=False), small.SMALL_ANSWERS, st.sampled_from(small.SAID))
@settings(max_examples=60, deadline=None)
def test_a_change_that_moves_the_outcome_has_weight(
    spec: QuestionnaireSpec, answers: dict[str, object], said: tuple[str, object]
) -> None:
    key, value = said
    after = {**answers, key: value}
    known = RecordFacts(birth_date=ADULT)
    old = evaluate(spec, answers, known, TODAY, TERMS)
    new = evaluate(spec, after, known, TODAY, TERMS)
    if old.outcome is not new.outcome and new.missing == old.missing:
        (change,) = differences(spec, answers, after, TERMS)
        assert change.weight >= 1
