"""The default questionnaire, answers that clear everybody, and Hypothesis strategies over both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from patients.domain.codec import from_json
from patients.domain.questionnaire import (
    SEVERAL_CHOICES,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Severity,
)
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
    # Many medicines are a matter for the ill; not to know how many is one for everybody.
    "medicine_count": [["none", "one", "two", "three_or_more"], ["none", "unknown"]],
}


def chains(question: Question) -> list[list[object]]:
    """The ordered answers of a question, [] for one that no rule reads."""
    if question.key in ORDERED:
        return ORDERED[question.key]
    if {"no", "yes", "unknown"} <= (question.values or frozenset()):
        return (
            [["no", "unknown", "yes"]]
            if _weighs(question.key)
            else [["no", "unknown"], ["no", "yes"]]
        )
    return []


def _weighs(key: str) -> bool:
    """No rule takes a yes for a mere note, which is less than the doubt whether it applies."""
    read = [rule for rule in SPEC.rules if any(one.question == key for one in rule.when)]
    return all(rule.severity is not Severity.NOTE for rule in read)


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


_DAYS = tuple((TODAY - timedelta(days=ago)).isoformat() for ago in (-1, 0, 1, 6, 7, 8, 13, 14, 30))
_WORDS = ("fish", "warfarin", "egg", "ibuprofen", "nothing known", "a stroke", "Simvastatin 20 MG")


def possible_answers(question: Question) -> list[object]:
    """Answers of every shape to one question, few enough to draw from at once."""
    values = sorted(question.values or frozenset())
    if question.kind is QuestionKind.PHOTOGRAPH:
        return [["a-file"], ["a-file", "another"]]
    if question.kind in SEVERAL_CHOICES:
        return [*([one] for one in values), *([one, values[0]] for one in values[1:]), values[:4]]
    if question.kind is QuestionKind.DATE:
        return [*_DAYS, "9999-12-31", "soon"]
    if question.kind is QuestionKind.TEXT:
        return list(_WORDS)
    if question.kind in (QuestionKind.ALLERGY_LIST, QuestionKind.MEDICINE_LIST):
        return [[{"name": one}] for one in _WORDS] + [["fish", "warfarin", "Amlodipine"]]
    return [*values]


_SAYINGS = [
    (key, value) for key, question in SPEC.questions.items() for value in possible_answers(question)
]
# Half of the patients have answered everything, else hardly any outcome would be but incomplete.
ANSWERS: st.SearchStrategy[dict[str, object]] = st.builds(
    lambda base, said: {**base, **dict(said)},
    st.sampled_from([{}, clear_answers()]),
    st.lists(st.sampled_from(_SAYINGS), max_size=12),
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
