"""Dataclasses and plain JSON, both ways, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

import pytest

from patients.domain.codec import CodecError, from_json, to_json
from patients.domain.questionnaire import (
    Option,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Section,
    Severity,
    ShowIf,
    Trigger,
    Until,
    say,
)
from tests.unit.patients.screening_worlds import SPEC


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    amount: Decimal
    on: date | None = None


@dataclass(frozen=True)
class Outer:
    name: str
    count: int = 0
    sure: bool = False
    colour: Colour | None = None
    inner: tuple[Inner, ...] = ()
    tags: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)


FULL = Outer(
    "x", 3, True, Colour.RED, (Inner(Decimal("0.10"), date(2026, 1, 2)),),
    frozenset({"b", "a"}), {"en": "w"},
)  # fmt: skip


def test_round_trip_is_exact_and_plain() -> None:
    data = to_json(FULL)
    assert data["inner"] == [{"amount": "0.10", "on": "2026-01-02"}]
    assert data["tags"] == ["a", "b"]
    assert from_json(Outer, json.loads(json.dumps(data))) == FULL


def test_defaults_are_left_out() -> None:
    assert to_json(Outer("x")) == {"name": "x"}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ([], "document"),
        ({}, "name"),
        ({"name": 1}, "name"),
        ({"name": "x", "count": True}, "count"),
        ({"name": "x", "count": "1"}, "count"),
        ({"name": "x", "sure": "yes"}, "sure"),
        ({"name": "x", "colour": "blue"}, "colour"),
        ({"name": "x", "inner": {}}, "inner"),
        ({"name": "x", "inner": [{"amount": 0.1}]}, r"inner\[0\].amount"),
        ({"name": "x", "inner": [{"amount": "NaN"}]}, r"inner\[0\].amount"),
        ({"name": "x", "inner": [{"amount": "one"}]}, r"inner\[0\].amount"),
        ({"name": "x", "inner": [{"amount": "1", "on": "2026-02-30"}]}, r"inner\[0\].on"),
        ({"name": "x", "words": {"en": 1}}, "words.en"),
        ({"name": "x", "words": []}, "words"),
        ({"name": "x", "naem": "y"}, "naem"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(data: object, path: str) -> None:
    with pytest.raises(CodecError, match=f"^{path}: "):
        from_json(Outer, data)


def test_unknown_types_are_a_programming_error() -> None:
    with pytest.raises(TypeError):
        from_json(bytes, "x")


def test_the_default_questionnaire_survives() -> None:
    assert from_json(QuestionnaireSpec, json.loads(json.dumps(to_json(SPEC)))) == SPEC


def test_say_falls_back_to_english() -> None:
    words = {"en": "skin", "fr": "peau"}
    assert (say(words, "fr"), say(words, "fr-CA"), say(words, "de")) == ("peau", "peau", "skin")
    assert say({}) == ""


YES_NO = Question("a", QuestionKind.YES_NO_UNKNOWN, {"en": "A?"})
RULE = Rule("r", Severity.NOTE, {"en": "R"}, (Trigger("a", ("yes",)),), "G")


def spec(*questions: Question, rules: tuple[Rule, ...] = (), days: int = 1) -> QuestionnaireSpec:
    return QuestionnaireSpec("1", days, (Section("s", {"en": "S"}, questions),), rules)


def test_broken_questionnaires_can_not_exist() -> None:
    choice = (Option("x", {"en": "X"}),)
    with pytest.raises(ValueError, match="options"):
        Question("q", QuestionKind.ONE_OF, {"en": "Q"})
    with pytest.raises(ValueError, match="one day"):
        spec(YES_NO, days=0)
    with pytest.raises(ValueError, match="appears twice"):
        spec(YES_NO, YES_NO)
    with pytest.raises(ValueError, match="appears twice"):
        spec(YES_NO, rules=(RULE, RULE))
    with pytest.raises(ValueError, match="not asked before"):
        spec(Question("q", QuestionKind.TEXT, {"en": "Q"}, show_if=ShowIf("a", ("yes",))), YES_NO)
    with pytest.raises(ValueError, match="does not have"):
        spec(YES_NO, Question("q", QuestionKind.TEXT, {}, show_if=ShowIf("a", ("maybe",))))
    with pytest.raises(ValueError, match="unknown question"):
        spec(rules=(RULE,))
    with pytest.raises(ValueError, match="does not have"):
        spec(Question("a", QuestionKind.ONE_OF, {}, options=choice), rules=(RULE,))
    until = Until(days=1, question="z")
    with pytest.raises(ValueError, match="ends by"):
        spec(YES_NO, rules=(Rule("r", Severity.NOTE, {}, RULE.when, "G", until=until),))
    with pytest.raises(ValueError, match="no question"):
        spec(YES_NO, rules=(Rule("r", Severity.NOTE, {}, (Trigger(values=("yes",)),), "G"),))
    with pytest.raises(ValueError, match="everybody"):
        Rule("r", Severity.NOTE, {}, (), "G")
    with pytest.raises(CodecError, match="one day"):
        from_json(
            QuestionnaireSpec, {"version": "1", "validity_days": 0, "sections": [], "rules": []}
        )
