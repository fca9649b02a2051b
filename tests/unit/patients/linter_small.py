"""A small questionnaire for the linter, and what it finds."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from patients.domain.linter import lint
from patients.domain.questionnaire import (
    Option,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Section,
    Severity,
    Trigger,
)
from tests.unit.patients.screening_worlds import DATA, TERMS

CATALOGUE = DATA.parent.parent / "treatments" / "data" / "catalogue.json"
CLINIC_AREAS = [one["key"] for one in json.loads(CATALOGUE.read_text("utf-8"))["areas"]]
KNOWN = frozenset(term.tag for term in TERMS)
AREAS = ("face", "scalp")
CHOICES = (Option("a", {"en": "Ay"}), Option("b", {"en": "Bee"}), Option("c", {"en": "See"}))
WITH_NONE = (*CHOICES, Option("none", {"en": "None"}, exclusive=True))
QUESTIONS = (
    Question("sure", QuestionKind.YES_NO_UNKNOWN, {"en": "Sure?"}),
    Question("one", QuestionKind.ONE_OF, {"en": "One?"}, options=CHOICES),
    Question("many", QuestionKind.MANY_OF, {"en": "Many?"}, options=WITH_NONE),
    Question("words", QuestionKind.TEXT, {"en": "Words?"}),
    Question("number", QuestionKind.NUMBER, {"en": "How many?"}, maximum=Decimal(10)),
    Question("free", QuestionKind.NUMBER, {"en": "How many more?"}),
    Question("day", QuestionKind.DATE, {"en": "When?"}),
    Question("list", QuestionKind.ALLERGY_LIST, {"en": "Which?"}),
)
GOOD = Rule(
    "good", Severity.CAUTION, {"en": "Hm."}, (Trigger("sure", ("yes",)),), "G", {"en": "Ask."}
)


def spec(*more: Question, rules: tuple[Rule, ...] = ()) -> QuestionnaireSpec:
    sections = (Section("s", {"en": "S"}, (*QUESTIONS, *more)),)
    return QuestionnaireSpec("1", 10, sections, rules)


def found(*more: Question, rules: tuple[Rule, ...] = ()) -> list[tuple[str, str]]:
    warnings = lint(spec(*more, rules=rules), ["en"], KNOWN, AREAS)
    assert all(one.message.endswith((".", ")")) for one in warnings)
    return [(one.code.value, one.place) for one in warnings]


def rule(**changes: Any) -> Rule:
    return replace(GOOD, **changes)


def about(*when: Trigger, **changes: Any) -> list[str]:
    """The codes for one rule with these triggers."""
    one = rule(when=when, **changes) if when else rule(**changes)
    return [code for code, place in found(rules=(one,)) if place == "rule:good"]
