"""The default questionnaire, answers that clear everybody, and Hypothesis strategies over both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from patients.domain.codec import from_json
from patients.domain.questionnaire import Question, QuestionKind, QuestionnaireSpec
from patients.domain.record import Fact
from patients.domain.screening import RecordFacts, ScreeningResult, evaluate
from patients.domain.terms import Term

DATA = Path(__file__).resolve().parents[3] / "patients" / "data"
SPEC = from_json(QuestionnaireSpec, json.loads((DATA / "questionnaire.json").read_text("utf-8")))
TERMS = tuple(
    from_json(Term, row) for row in json.loads((DATA / "terms.json").read_text("utf-8"))["terms"]
)
TODAY = date(2026, 3, 16)
ADULT = date(1985, 6, 1)
NEGATIVE = {"no", "never", "none"}

# For each question that a rule reads: its answers from the mildest to the gravest. Answers that
# are not comparable (“no insulin” and “don't know”) stand in different chains.
ORDERED: dict[str, list[list[object]]] = {
    "cancer": [["never", "past", "now"], ["never", "unknown", "now"]],
    "thrombosis": [["never", "past", "now"], ["never", "unknown", "now"]],
    "urticaria": [["never", "past", "now"], ["never", "unknown", "now"]],
    "diabetes": [["no", "no_insulin", "insulin"], ["no", "unknown", "insulin"]],
    "bruising": [["no", "yes"]],
    "fainting": [["no", "yes"]],
    "medicine_count": [
        ["none", "one", "two", "three_or_more"],
        ["none", "unknown", "three_or_more"],
    ],
}


def chains(question: Question) -> list[list[object]]:
    """The ordered answers of a question, [] for one that no rule reads."""
    if question.key in ORDERED:
        return ORDERED[question.key]
    if {"no", "yes", "unknown"} <= (question.values or frozenset()):
        return [["no", "unknown", "yes"]]
    return []


def clear_answers() -> dict[str, object]:
    """Answers of somebody with nothing to report."""
    answers: dict[str, object] = {}
    for key, question in SPEC.questions.items():
        if not question.required or question.show_if is not None:
            continue
        negative = sorted(NEGATIVE & (question.values or frozenset()))
        answers[key] = negative if question.kind is QuestionKind.MANY_OF else negative[0]
    return answers


def judge(
    answers: Mapping[str, object] | None = None,
    facts: tuple[Fact, ...] = (),
    medicines: tuple[str, ...] = (),
    **record: Any,
) -> ScreeningResult:
    """Judge somebody with nothing to report but this."""
    known = RecordFacts(facts, medicines, **{"birth_date": ADULT, **record})
    return evaluate(SPEC, clear_answers() | dict(answers or {}), known, TODAY, TERMS)


def _answer(question: Question) -> st.SearchStrategy[object]:
    values = sorted(question.values or frozenset())
    if question.kind in (QuestionKind.YES_NO_UNKNOWN, QuestionKind.ONE_OF):
        return st.sampled_from(values)
    if question.kind is QuestionKind.MANY_OF:
        return st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True)
    if question.kind is QuestionKind.DATE:
        days = st.integers(min_value=0, max_value=30)
        return days.map(lambda ago: (TODAY - timedelta(days=ago)).isoformat())
    if question.kind is QuestionKind.NUMBER:
        return st.integers(min_value=0, max_value=300)
    words = st.sampled_from(["fish", "warfarin", "egg", "ibuprofen", "nothing known", "a stroke"])
    if question.kind is QuestionKind.TEXT:
        return words
    return st.lists(words.map(lambda name: {"name": name}), min_size=1, max_size=3)


ANSWERS: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {}, optional={key: _answer(question) for key, question in SPEC.questions.items()}
)
TAGS = sorted({term.tag for term in TERMS} | {"allergy", "pregnancy_unclear"})
FACTS = st.builds(Fact, st.sampled_from(TAGS), st.just("as recorded"), st.booleans())
RECORDS = st.builds(
    RecordFacts,
    facts=st.lists(FACTS, max_size=5, unique=True).map(tuple),
    medicines=st.lists(
        st.sampled_from(["Warfarin 5 mg", "Simvastatin 20 MG", "Amlodipine", "Ibuprofen"]),
        max_size=4,
        unique=True,
    ).map(tuple),
    birth_date=st.sampled_from([None, ADULT, date(2012, 2, 29)]),
    guardian_consent=st.booleans(),
)
