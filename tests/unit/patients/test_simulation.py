"""What a new version would change, seen before it is published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from patients.domain.findings import Outcome
from patients.domain.questionnaire import Question, QuestionKind, QuestionnaireSpec, Section
from patients.domain.record import Fact, RecordFacts
from patients.domain.screening import Severity, evaluate
from patients.domain.simulation import (
    Case,
    ChangedCase,
    Comparison,
    Transition,
    Unanswerable,
    compare,
)
from tests.unit.patients import screening_specs as small
from tests.unit.patients.screening_worlds import ADULT, SPEC, TERMS, TODAY, clear_answers


def case(key: str, answers: dict[str, object] | None = None, *facts: Fact) -> Case:
    return Case(key, clear_answers() | (answers or {}), RecordFacts(facts, (), ADULT), TODAY)


def with_rule(key: str, **changes: Any) -> QuestionnaireSpec:
    rules = tuple(replace(one, **changes) if one.key == key else one for one in SPEC.rules)
    return replace(SPEC, version="2", rules=rules)


def test_nothing_changes_between_equal_versions() -> None:
    cases = [case("a"), case("b", {"stroke": "yes"}), case("c", {"stroke": "yes"})]
    result = compare(SPEC, replace(SPEC, version="2"), iter(cases), TERMS)
    assert result == Comparison(
        total=3,
        changed=(),
        counts=(
            Transition(Outcome.CLEARED, Outcome.CLEARED, 1),
            Transition(Outcome.CONTRAINDICATED, Outcome.CONTRAINDICATED, 2),
        ),
        unanswerable=(),
    )
    assert (result.stricter, result.milder) == (0, 0)


def test_a_stricter_rule_shows_whom_it_stops() -> None:
    new = with_rule("keloid", severity=Severity.ABSOLUTE)
    cases = [case("a"), case("b", {"keloid": "yes"}), case("c", {"keloid": "unknown"})]
    result = compare(SPEC, new, cases, TERMS)
    assert result.changed == (ChangedCase("b", Outcome.REVIEW, Outcome.CONTRAINDICATED),)
    assert (result.stricter, result.milder) == (1, 0)
    assert Transition(Outcome.REVIEW, Outcome.CONTRAINDICATED, 1) in result.counts


def test_a_rule_taken_away_is_named_as_vanished() -> None:
    new = replace(SPEC, rules=tuple(one for one in SPEC.rules if one.key != "keloid"))
    cases = [case("a", {"keloid": "yes"}), case("b", {"stroke": "yes", "keloid": "yes"})]
    result = compare(SPEC, new, cases, TERMS)
    # What is told and no longer judged is kept as a note.
    assert result.changed == (
        ChangedCase("a", Outcome.REVIEW, Outcome.CLEARED, ("told",), ("keloid",)),
    )
    assert (result.stricter, result.milder) == (0, 1)
    back = compare(new, SPEC, cases, TERMS)
    assert back.changed[0].appeared == ("keloid",)
    assert back.changed[0].stricter


def test_the_gravest_new_outcome_comes_first() -> None:
    new = with_rule("keloid", severity=Severity.ABSOLUTE)
    new = replace(new, rules=tuple(one for one in new.rules if one.key != "nsaids"))
    cases = [
        case("a", {"nsaids": "yes"}),
        case("b", {"keloid": "yes"}),
        case("c", {"keloid": "yes"}),
    ]
    result = compare(SPEC, new, cases, TERMS)
    assert [(one.case, one.after) for one in result.changed] == [
        ("b", Outcome.CONTRAINDICATED),
        ("c", Outcome.CONTRAINDICATED),
        ("a", Outcome.CLEARED),
    ]
    assert [(one.before, one.after, one.count) for one in result.counts] == [
        (Outcome.REVIEW, Outcome.CLEARED, 1),
        (Outcome.REVIEW, Outcome.CONTRAINDICATED, 2),
    ]


def with_question(*, required: bool) -> QuestionnaireSpec:
    asked = Question("fillers", QuestionKind.YES_NO_UNKNOWN, {"en": "Fillers?"}, required=required)
    more = Section("more", {"en": "More"}, (asked,))
    return replace(SPEC, version="2", sections=(*SPEC.sections, more))


def test_a_question_nobody_was_asked_is_reported_and_set_aside() -> None:
    result = compare(SPEC, with_question(required=True), [case("a")], TERMS)
    assert result.unanswerable == (Unanswerable("a", ("fillers",)),)
    assert result.changed == ()
    assert result.counts == (Transition(Outcome.CLEARED, Outcome.CLEARED, 1),)
    assert compare(SPEC, with_question(required=False), [case("a")], TERMS).unanswerable == ()


def test_what_was_missing_before_stays_missing() -> None:
    incomplete = case("a", {"stroke": None})
    result = compare(SPEC, with_question(required=True), [incomplete], TERMS)
    assert result.unanswerable == (Unanswerable("a", ("fillers",)),)
    assert result.counts == (Transition(Outcome.INCOMPLETE, Outcome.INCOMPLETE, 1),)
    # A new absolute rule weighs more than the missing answer, and is harder than it.
    new = with_rule("keloid", severity=Severity.ABSOLUTE)
    graver = compare(SPEC, new, [case("a", {"stroke": None, "keloid": "yes"})], TERMS)
    assert graver.changed[0].before is Outcome.INCOMPLETE
    assert graver.changed[0].stricter


def test_an_answer_the_new_version_no_longer_offers_is_a_doubt() -> None:
    def without_past(question: Question) -> Question:
        kept = tuple(one for one in question.options if one.key != "past")
        return replace(question, options=kept) if question.key == "cancer" else question

    sections = tuple(
        replace(one, questions=tuple(without_past(question) for question in one.questions))
        for one in SPEC.sections
    )
    rules = tuple(one for one in SPEC.rules if one.key != "cancer_past")
    new = replace(SPEC, sections=sections, rules=rules)
    result = compare(SPEC, new, [case("a", {"cancer": "past"})], TERMS)
    assert result.unanswerable == (Unanswerable("a", ("cancer",)),)
    assert result.counts == (Transition(Outcome.REVIEW, Outcome.REVIEW, 1),)


def test_the_record_counts() -> None:
    new = with_rule("anticoagulants", severity=Severity.ABSOLUTE)
    result = compare(SPEC, new, [case("a", {}, Fact("anticoagulant", "Warfarin"))], TERMS)
    assert result.changed[0].after is Outcome.CONTRAINDICATED


CASES = st.lists(st.tuples(small.SMALL_ANSWERS, small.SMALL_RECORDS), max_size=4)


@given(small.specs(positive=False), small.specs(positive=False), CASES)
@settings(max_examples=60, deadline=None)
def test_every_case_is_counted_once_and_by_its_own_rules(
    old: QuestionnaireSpec,
    new: QuestionnaireSpec,
    given_cases: list[tuple[dict[str, object], RecordFacts]],
) -> None:
    cases = [
        Case(str(number), answers, known, TODAY)
        for number, (answers, known) in enumerate(given_cases)
    ]
    result = compare(old, new, cases, TERMS)
    assert result.total == len(cases) == sum(one.count for one in result.counts)
    moved = sum(one.count for one in result.counts if one.before is not one.after)
    assert len(result.changed) == moved == result.stricter + result.milder
    before = {one.id: evaluate(old, one.answers, one.record, TODAY, TERMS) for one in cases}
    assert all(before[one.case].outcome is one.before for one in result.changed)
    assert all(one.before is not one.after for one in result.changed)


@given(small.specs(positive=False), small.rules("further", positive=False), CASES)
@settings(max_examples=60, deadline=None)
def test_adding_a_rule_makes_nobody_safer(
    old: QuestionnaireSpec, rule: Any, given_cases: list[tuple[dict[str, object], RecordFacts]]
) -> None:
    cases = [Case("x", answers, known, TODAY) for answers, known in given_cases]
    result = compare(old, replace(old, rules=(*old.rules, rule)), cases, TERMS)
    assert result.milder == 0
    assert result.unanswerable == ()
