"""Answers of every kind, readable or not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from patients.domain.answers import AnswerState, read_answers
from patients.domain.questionnaire import (
    Option,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Section,
    ShowIf,
)

CHOICES = (Option("a", {"en": "Ay"}), Option("b", {"en": "Bee"}), Option("unknown", {"en": "?"}))
QUESTIONS = (
    Question("sure", QuestionKind.YES_NO_UNKNOWN, {"en": "Sure?"}, required=True),
    Question("one", QuestionKind.ONE_OF, {"en": "One?"}, options=CHOICES),
    Question("many", QuestionKind.MANY_OF, {"en": "Many?"}, options=CHOICES),
    Question("words", QuestionKind.TEXT, {"en": "Words?"}),
    Question(
        "kilos", QuestionKind.NUMBER, {"en": "Kilos?"}, unit="kg", minimum=Decimal(1),
        maximum=Decimal(300),
    ),
    Question("on", QuestionKind.DATE, {"en": "When?"}),
    Question("allergies", QuestionKind.ALLERGY_LIST, {"en": "Which?"}),
    Question("where", QuestionKind.BODY_AREA, {"en": "Where?"}, options=CHOICES),
    Question("photos", QuestionKind.PHOTOGRAPH, {"en": "Show?"}),
    Question(
        "more", QuestionKind.TEXT, {"en": "More?"}, required=True, show_if=ShowIf("one", ("b",))
    ),
)  # fmt: skip
SPEC = QuestionnaireSpec("1", 1, (Section("s", {"en": "S"}, QUESTIONS),), ())


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("sure", "yes", "yes"), ("sure", True, "yes"), ("sure", False, "no"), ("one", "a", "Ay"),
        ("many", ["b", "a", "b"], "Ay, Bee"), ("words", " ill ", "ill"), ("kilos", "61,5", "61.5 kg"),
        ("kilos", 61, "61 kg"), ("kilos", Decimal("61.5"), "61.5 kg"), ("on", "2026-01-02", "2026-01-02"),
        ("on", date(2026, 1, 2), "2026-01-02"), ("allergies", ["nuts", {"name": " egg "}], "egg, nuts"),
        ("allergies", [{"name": "egg", "codes": ["snomed:1"]}], "egg"),
    ],
)  # fmt: skip
def test_readable_answers(key: str, value: Any, shown: str) -> None:
    answer = read_answers(SPEC, {key: value})[key]
    assert (answer.state, answer.shown) == (AnswerState.GIVEN, shown)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sure", "perhaps"), ("sure", 1), ("one", "z"), ("one", ["a"]), ("many", "a"),
        ("many", ["a", "z"]), ("words", 5), ("kilos", "many"), ("kilos", True), ("kilos", "NaN"),
        ("kilos", 0), ("kilos", 301), ("kilos", [61]), ("on", "soon"), ("on", 20260102),
        ("on", datetime(2026, 1, 2, tzinfo=UTC)), ("allergies", "egg"), ("allergies", [{"name": ""}]),
        ("allergies", [3]), ("allergies", [{"name": "egg", "codes": "x"}]),
    ],
)  # fmt: skip
def test_unreadable_answers_are_unknown(key: str, value: Any) -> None:
    assert read_answers(SPEC, {key: value})[key].state is AnswerState.UNKNOWN


@pytest.mark.parametrize("value", [None, "", [], {}, "   "])
def test_empty_answers_are_absent(value: Any) -> None:
    assert read_answers(SPEC, {"words": value})["words"].state is AnswerState.ABSENT


def test_not_knowing_is_an_answer_but_not_a_missing_one() -> None:
    read = read_answers(SPEC, {"sure": "unknown", "many": ["unknown", "a"]})
    assert read["sure"].state is AnswerState.UNKNOWN
    assert not read["sure"].missing
    assert read["many"].state is AnswerState.UNKNOWN


def test_required_questions_are_missing_only_where_they_show() -> None:
    assert read_answers(SPEC, {})["sure"].missing
    assert read_answers(SPEC, {"sure": "perhaps"})["sure"].missing
    assert not read_answers(SPEC, {"one": "a"})["more"].missing
    assert read_answers(SPEC, {"one": "b"})["more"].missing


def test_places_and_photographs_read_in_order() -> None:
    read = read_answers(SPEC, {"where": ["b", "a"], "photos": ["2", "1", "2"]})
    assert read["where"].values == ("a", "b")
    assert read["where"].shown == "Ay, Bee"
    assert read["photos"].values == ("1", "2")
    assert read["photos"].shown == "Photographs: 2"
    assert read["photos"].state is AnswerState.GIVEN
    for odd in ("1", [1], {"1": 2}):
        assert read_answers(SPEC, {"photos": odd})["photos"].state is AnswerState.UNKNOWN
    assert read_answers(SPEC, {"where": ["c"]})["where"].state is AnswerState.UNKNOWN
