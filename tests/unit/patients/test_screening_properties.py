"""What must hold for every patient, whatever the rules say (clinical-knowledge §7)."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from patients.domain.codec import from_json, to_json
from patients.domain.record import Fact, RecordFacts
from patients.domain.screening import (
    FindingKind,
    Outcome,
    QuestionnaireSpec,
    ScreeningResult,
    Severity,
    evaluate,
)
from tests.unit.patients.screening_worlds import (
    ANSWERS,
    FACTS,
    RECORDS,
    SPEC,
    TAGS,
    TERMS,
    TODAY,
    chains,
    clear_answers,
    judge,
)

# Raise for a thorough run: SCREENING_EXAMPLES=100000 pytest tests/unit/patients
EXAMPLES = int(os.environ.get("SCREENING_EXAMPLES", "60"))


def weight(result: ScreeningResult) -> int:
    """The outcome as if nothing were missing: how grave what was found is."""
    return judged(result).rank


def judged(result: ScreeningResult) -> Outcome:
    findings = [one for one in result.findings if one.holds_on(result.evaluated_on)]
    worst = max((one.general_severity.rank for one in findings), default=0)
    if worst == Severity.ABSOLUTE.rank:
        return Outcome.CONTRAINDICATED
    if any(one.defers for one in findings):
        return Outcome.DEFERRED
    return Outcome.REVIEW if worst else Outcome.CLEARED


@given(ANSWERS, RECORDS, st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_graver_answer_is_never_milder(
    answers: dict[str, object], record: RecordFacts, data: st.DataObject
) -> None:
    asked = [key for key, question in SPEC.questions.items() if chains(question)]
    key = data.draw(st.sampled_from(asked))
    chain = data.draw(st.sampled_from(chains(SPEC.questions[key])))
    low, high = sorted(data.draw(st.lists(st.integers(0, len(chain) - 1), min_size=2, max_size=2)))
    mild = evaluate(SPEC, {**answers, key: chain[low]}, record, TODAY, TERMS)
    grave = evaluate(SPEC, {**answers, key: chain[high]}, record, TODAY, TERMS)
    assert weight(grave) >= weight(mild)
    if grave.outcome is not Outcome.INCOMPLETE:
        assert mild.outcome is Outcome.INCOMPLETE or grave.outcome.rank >= mild.outcome.rank


@given(ANSWERS, RECORDS, FACTS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_further_fact_of_the_record_is_never_milder(
    answers: dict[str, object], record: RecordFacts, fact: Fact
) -> None:
    before = evaluate(SPEC, answers, record, TODAY, TERMS)
    more = replace(record, facts=(*record.facts, fact))
    after = evaluate(SPEC, answers, more, TODAY, TERMS)
    assert weight(after) >= weight(before)
    assert after.outcome.rank >= before.outcome.rank


@given(ANSWERS, RECORDS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_further_medicine_is_never_milder(
    answers: dict[str, object], record: RecordFacts
) -> None:
    before = evaluate(SPEC, answers, record, TODAY, TERMS)
    more = replace(record, medicines=(*record.medicines, "Something new"))
    assert weight(evaluate(SPEC, answers, more, TODAY, TERMS)) >= weight(before)


@given(ANSWERS, RECORDS, st.sampled_from(sorted(SPEC.questions)))
@settings(max_examples=EXAMPLES, deadline=None)
def test_leaving_out_or_not_knowing_is_never_safer_than_no(
    answers: dict[str, object], record: RecordFacts, key: str
) -> None:
    question = SPEC.questions[key]
    no = clear_answers().get(key)
    if no is None:
        return
    denied = evaluate(SPEC, {**answers, key: no}, record, TODAY, TERMS)
    without = {name: value for name, value in answers.items() if name != key}
    unanswered = evaluate(SPEC, without, record, TODAY, TERMS)
    assert unanswered.outcome is not Outcome.CLEARED
    assert key in unanswered.missing
    if "unknown" in (question.values or ()):
        value: object = ["unknown"] if isinstance(no, list) else "unknown"
        unsure = evaluate(SPEC, {**answers, key: value}, record, TODAY, TERMS)
        assert weight(unsure) >= weight(denied)
        assert unsure.outcome is not Outcome.CLEARED


@given(ANSWERS, RECORDS, st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_order_never_matters(answers: dict[str, object], record: RecordFacts, turn: bool) -> None:
    shuffled = dict(sorted(answers.items(), reverse=turn))
    turned = replace(
        record, facts=tuple(reversed(record.facts)), medicines=tuple(reversed(record.medicines))
    )
    backwards = QuestionnaireSpec(
        version=SPEC.version,
        validity_days=SPEC.validity_days,
        sections=SPEC.sections,
        rules=tuple(reversed(SPEC.rules)),
    )
    first = evaluate(SPEC, answers, record, TODAY, TERMS)
    assert evaluate(backwards, shuffled, turned, TODAY, tuple(reversed(TERMS))) == first


@given(ANSWERS, RECORDS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_results_survive_being_stored(answers: dict[str, object], record: RecordFacts) -> None:
    result = evaluate(SPEC, answers, record, TODAY, TERMS)
    assert from_json(ScreeningResult, to_json(result)) == result


@given(ANSWERS, RECORDS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_missing_answers_never_hide_an_absolute_finding(
    answers: dict[str, object], record: RecordFacts
) -> None:
    result = evaluate(SPEC, answers, record, TODAY, TERMS)
    general = {one.general_severity for one in result.findings}
    assert (result.outcome is Outcome.CONTRAINDICATED) == (Severity.ABSOLUTE in general)
    if result.missing:
        assert result.outcome in (Outcome.INCOMPLETE, Outcome.CONTRAINDICATED)


@given(ANSWERS, RECORDS, st.integers(min_value=0, max_value=400))
@settings(max_examples=EXAMPLES, deadline=None)
def test_waiting_never_makes_it_worse(
    answers: dict[str, object], record: RecordFacts, days: int
) -> None:
    result = evaluate(SPEC, answers, record, TODAY, TERMS)
    assert result.outcome_on(TODAY) is result.outcome
    assert result.outcome_on(TODAY + timedelta(days=days)).rank <= result.outcome.rank


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*SPEC.questions, "made_up"]), _JUNK))
@settings(max_examples=EXAMPLES, deadline=None)
def test_odd_answers_never_raise_and_never_clear(answers: dict[str, object]) -> None:
    result = evaluate(SPEC, answers, RecordFacts(), TODAY, TERMS)
    assert result.outcome is not Outcome.CLEARED


@given(st.sampled_from(sorted(SPEC.questions)), _JUNK)
@settings(max_examples=EXAMPLES, deadline=None)
def test_an_unreadable_answer_is_not_taken_for_no(key: str, junk: object) -> None:
    if not SPEC.questions[key].required or SPEC.questions[key].show_if:
        return
    if junk in clear_answers().values() or junk in (False, ["none"], ["no"]):
        return
    if isinstance(junk, str) and junk in (SPEC.questions[key].values or ()):
        return
    result = judge({key: junk})
    assert result.outcome in (Outcome.INCOMPLETE, Outcome.CONTRAINDICATED, Outcome.REVIEW)


# All allergens are one rule: two of them stand for the others here.
_PAIRED = [
    tag
    for tag in TAGS
    if not tag.startswith("allergen:") or tag in ("allergen:fish", "allergen:egg")
]
_SINGLE = [(tag, active) for tag in _PAIRED for active in (True, False)]


def test_every_pair_of_recorded_facts_is_as_grave_as_the_graver() -> None:
    alone = {one: weight(judge(facts=(Fact(one[0], one[0], one[1]),))) for one in _SINGLE}
    for first, second in itertools.combinations(_SINGLE, 2):
        pair = judge(facts=(Fact(first[0], "a", first[1]), Fact(second[0], "b", second[1])))
        assert weight(pair) >= max(alone[first], alone[second])


def _grave_answers() -> list[tuple[str, object]]:
    grave = [
        (key, chain[-1])
        for key, question in SPEC.questions.items()
        for chain in chains(question)[:1]
    ]
    grave += [("product_allergies", ["fish"]), ("conditions", ["liver"]), ("sun", "burnt_now")]
    return grave


def test_every_pair_of_answers_fires_the_rules_of_both() -> None:
    grave = _grave_answers()
    alone = {key: judge({key: value}) for key, value in grave}
    for (key, value), (other, another) in itertools.combinations(grave, 2):
        pair = judge({key: value, other: another})
        rules = {one.rule for one in pair.findings}
        for single in (alone[key], alone[other]):
            assert {one.rule for one in single.findings} <= rules
            assert weight(pair) >= weight(single)


def test_every_default_rule_can_fire() -> None:
    fired = {
        one.rule
        for result in (
            *(judge({key: value}) for key, value in _grave_answers()),
            *(judge(facts=(Fact(tag, tag, state),)) for tag, state in _SINGLE),
            judge({"heart_disease": "yes", "medicine_count": "two"}),
            judge({"cancer": "past", "urticaria": "past", "thrombosis": "past"}),
            judge(birth_date=TODAY),
        )
        for one in result.findings
        if one.kind is not FindingKind.UNANSWERED
    }
    assert fired == set(SPEC.rules_by_key)
