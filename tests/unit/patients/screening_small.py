"""A questionnaire of seven questions and one rule, for looking at single findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from patients.domain.findings import Finding
from patients.domain.questionnaire import (
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Section,
    Severity,
    Trigger,
)
from patients.domain.record import (
    RecordFacts,
)
from patients.domain.screening import evaluate
from tests.unit.patients.screening_worlds import TERMS, TODAY

QUESTIONS = (
    Question("sure", QuestionKind.YES_NO_UNKNOWN, {"en": "Sure?"}, tags=("stroke", "asthma")),
    Question("other", QuestionKind.YES_NO_UNKNOWN, {"en": "Other?"}),
    Question("allergies", QuestionKind.ALLERGY_LIST, {"en": "Which?"}),
    Question("medicines", QuestionKind.MEDICINE_LIST, {"en": "Which?"}),
    Question("words", QuestionKind.TEXT, {"en": "Else?"}),
    Question("kilos", QuestionKind.NUMBER, {"en": "How heavy?"}, unit="kg",
             minimum=Decimal(1), maximum=Decimal(300)),
    Question("day", QuestionKind.DATE, {"en": "When?"}),
)  # fmt: skip
RULE = Rule(
    key="rule",
    severity=Severity.ABSOLUTE,
    message={"en": "It is so."},
    when=(Trigger(question="sure", values=("yes",), tags=("stroke",)),),
    source="S9",
    advice={"en": "Be careful."},
    temporary=True,
)
ADULT = RecordFacts(birth_date=date(1980, 1, 1))


def spec(*rules: Rule, required: str = "") -> QuestionnaireSpec:
    asked = tuple(replace(one, required=one.key == required) for one in QUESTIONS)
    return QuestionnaireSpec("7", 100, (Section("s", {"en": "S"}, asked),), tuple(rules))


def found(
    *rules: Rule, said: dict[str, object], record: RecordFacts = ADULT, required: str = ""
) -> tuple[Finding, ...]:
    return evaluate(spec(*rules, required=required), said, record, TODAY, TERMS).findings
