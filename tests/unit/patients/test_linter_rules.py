"""What the linter says of rules: tags, conditions, limits, ends, and rules behind rules."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from patients.domain.linter import LintCode, lint
from patients.domain.questionnaire import (
    Option,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Severity,
    ShowIf,
    Trigger,
    Until,
)
from patients.domain.record import RecordFacts
from patients.domain.screening import FindingKind, evaluate
from tests.unit.patients import screening_specs as small
from tests.unit.patients.linter_small import (
    AREAS,
    CLINIC_AREAS,
    GOOD,
    KNOWN,
    QUESTIONS,
    about,
    found,
    rule,
)
from tests.unit.patients.screening_worlds import SPEC, TERMS, TODAY


def test_tags_nobody_knows() -> None:
    tagged = Question("x", QuestionKind.YES_NO_UNKNOWN, {"en": "X?"}, tags=("past:unheard_of",))
    assert found(tagged) == [("unknown-tag", "question:x")]
    reads = rule(when=(Trigger(tags=("unheard_of",)),))
    assert found(tagged, rules=(reads,)) == []
    assert about(Trigger(tags=("unheard_of", "stroke"))) == ["unknown-tag"]
    assert about(Trigger(past_tags=("unheard*", "stroke"))) == ["unknown-tag"]
    assert about(Trigger(tags=("allergen:*", "allergy", "medicine", "pregnancy_unclear"))) == []
    assert about(ingredient_tags=("allergen:gold",)) == ["unknown-tag"]
    assert about(areas=("elbow",)) == ["unknown-area"]
    assert about(areas=("face",), ingredient_tags=("allergen:fish",)) == []


@pytest.mark.parametrize(
    ("trigger", "codes"),
    [
        (Trigger("sure"), ["dead-rule"]),
        (Trigger("words", ("yes",)), ["dead-condition", "dead-rule"]),
        (Trigger("list", ("fish",)), ["dead-condition", "dead-rule"]),
        (Trigger("number", at_least=Decimal(11)), ["dead-condition", "dead-rule"]),
        (Trigger("number", at_least=Decimal(10)), []),
        (Trigger("free", at_least=Decimal(11)), []),
        (Trigger("sure", at_least=Decimal(1)), ["dead-condition", "dead-rule"]),
        (Trigger("sure", ("yes",), at_least=Decimal(1)), ["dead-condition"]),
        (Trigger("day", within_days=7), []),
        (Trigger("day", within_days=0), ["dead-condition"]),
        (Trigger("words", within_days=7), ["dead-condition", "dead-rule"]),
        (Trigger(tags=("unheard_of",)), ["unknown-tag", "dead-rule"]),
        (Trigger(past_tags=("stroke",)), []),
        (Trigger(age_under=18), []),
        (Trigger(age_under=0), ["dead-condition", "dead-rule"]),
        (Trigger(tags=("stroke",), without_guardian_consent=True), ["dead-condition"]),
        (Trigger(tags=("stroke",), at_least=Decimal(1)), ["dead-condition"]),
        (Trigger(tags=("stroke",), within_days=3), ["dead-condition"]),
        (Trigger(medicines_at_least=2), []),
        (Trigger(medicines_at_least=0), ["always-fires"]),
        (Trigger(), ["dead-rule"]),
        (Trigger("words", tags=("stroke",)), []),
    ],
)
def test_conditions_that_never_hold(trigger: Trigger, codes: list[str]) -> None:
    assert about(trigger) == codes


def test_a_rule_on_a_hidden_question_is_dead() -> None:
    hidden = replace(QUESTIONS[0], key="hidden", show_if=ShowIf("sure", ()))
    dead = rule(when=(Trigger("hidden", ("yes",)),))
    assert found(hidden, rules=(dead,)) == [
        ("unreachable-question", "question:hidden"),
        ("dead-condition", "rule:good"),
        ("dead-rule", "rule:good"),
    ]
    recorded = rule(when=(Trigger("hidden", tags=("stroke",)),))
    assert found(hidden, rules=(recorded,)) == [("unreachable-question", "question:hidden")]


def test_conditions_that_never_hold_together() -> None:
    def one(*values: str) -> Trigger:
        return Trigger("one", values)

    contradictory = ["contradictory-rule"]
    assert about(one("a"), one("b")) == contradictory
    assert about(one("a", "b"), one("b", "c"), one("a", "c")) == contradictory
    assert about(one("a", "b"), one("b", "c")) == []
    assert about(one("a"), Trigger("one", ("b",), tags=("stroke",))) == []
    assert about(Trigger("many", ("a",)), Trigger("many", ("b",))) == []
    assert about(Trigger("many", ("a",)), Trigger("many", ("none",))) == contradictory
    assert about(Trigger("many", ("a", "none")), Trigger("many", ("none",))) == []


def test_a_condition_and_the_question_it_needs_may_exclude_each_other() -> None:
    below = replace(QUESTIONS[0], key="below", show_if=ShowIf("one", ("a",)))
    deeper = replace(QUESTIONS[0], key="deeper", show_if=ShowIf("below", ("yes",)))
    odd = rule(when=(Trigger("deeper", ("yes",)), Trigger("one", ("b",))))
    assert found(below, deeper, rules=(odd,)) == [("contradictory-rule", "rule:good")]
    fine = rule(when=(Trigger("deeper", ("yes",)), Trigger("one", ("a",))))
    assert found(below, deeper, rules=(fine,)) == []


def test_rules_without_source_or_advice() -> None:
    assert about(source=" ") == ["no-source"]
    assert about(advice={}) == ["no-advice"]
    assert about(advice={"en": " "}) == ["no-advice"]


def test_limits_that_do_nothing() -> None:
    assert about(limit_to_matched_tags=True) == ["idle-limit"]
    assert about(Trigger(past_tags=("stroke",)), limit_to_matched_tags=True) == []
    assert about(areas=("face",), severity=Severity.NOTE) == ["idle-limit"]


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"until": Until(7, "day"), "temporary": True, "defers": True}, 0),
        ({"until": Until(age=18), "temporary": True}, 0),
        ({"until": Until(7, "day")}, 1),
        ({"defers": True}, 1),
        ({"until": Until(7, "day"), "temporary": True, "defers": True, "severity": "note"}, 1),
        ({"until": Until(), "temporary": True}, 1),
        ({"until": Until(7, "words"), "temporary": True}, 1),
        ({"until": Until(question="day"), "temporary": True}, 1),
        ({"until": Until(0, "day"), "temporary": True}, 1),
    ],
)
def test_ends_that_can_not_be_meant(changes: dict[str, Any], count: int) -> None:
    if "severity" in changes:
        changes = {**changes, "severity": Severity.NOTE}
    assert about(**changes) == ["odd-end"] * count


def test_an_end_by_a_hidden_question() -> None:
    hidden = replace(QUESTIONS[6], key="hidden", show_if=ShowIf("words", ()))
    ends = rule(until=Until(7, "hidden"), temporary=True)
    assert found(hidden, rules=(ends,)) == [
        ("unreachable-question", "question:hidden"),
        ("odd-end", "rule:good"),
    ]


def shadows(mild: Trigger, grave: Trigger, **changes: Any) -> bool:
    milder = rule(key="mild", when=(mild,))
    graver = rule(key="grave", when=(grave,), severity=Severity.ABSOLUTE, **changes)
    codes = found(rules=(milder, graver))
    return ("shadowed-rule", "rule:mild") in codes


def test_a_rule_behind_a_graver_one() -> None:
    yes, stroke = Trigger("sure", ("yes",)), Trigger(tags=("allergen:fish",))
    assert shadows(yes, yes)
    assert shadows(yes, Trigger("sure", ("yes", "unknown"), tags=("stroke",)))
    assert shadows(stroke, Trigger(tags=("allergen:*",)))
    assert not shadows(Trigger(tags=("allergen:*",)), stroke)
    assert not shadows(Trigger("sure", ("yes", "unknown")), yes)
    assert not shadows(Trigger("sure", ("yes",), tags=("stroke",)), yes)
    assert not shadows(Trigger(past_tags=("stroke",)), Trigger(tags=("stroke",)))
    assert not shadows(yes, yes, areas=("face",))
    assert not shadows(yes, yes, until=Until(7, "day"), temporary=True)


@pytest.mark.parametrize(
    ("mild", "grave", "shadowed"),
    [
        (Trigger("free", at_least=Decimal(20)), Trigger("free", at_least=Decimal(10)), True),
        (Trigger("free", at_least=Decimal(10)), Trigger("free", at_least=Decimal(20)), False),
        (Trigger("free", at_least=Decimal(9)), Trigger("number", at_least=Decimal(9)), False),
        (Trigger("day", within_days=7), Trigger("day", within_days=14), True),
        (Trigger("day", within_days=14), Trigger("day", within_days=7), False),
        (Trigger(medicines_at_least=3), Trigger(medicines_at_least=2), True),
        (Trigger(medicines_at_least=2), Trigger(tags=("stroke",)), False),
        (Trigger(age_under=16), Trigger(age_under=18), True),
        (Trigger(age_under=18), Trigger(age_under=16), False),
        (Trigger(age_under=18), Trigger(age_under=18, without_guardian_consent=True), False),
        (Trigger(age_under=18, without_guardian_consent=True), Trigger(age_under=18), True),
    ],
)
def test_bounds_within_bounds(mild: Trigger, grave: Trigger, shadowed: bool) -> None:
    assert shadows(mild, grave) is shadowed


def test_a_rule_with_more_conditions_is_hidden_behind_one_with_fewer() -> None:
    heart, several = Trigger("sure", ("yes",)), Trigger(medicines_at_least=2)
    both = rule(key="both", when=(heart, several))
    alone = rule(key="alone", when=(heart,), severity=Severity.ABSOLUTE)
    assert found(rules=(both, alone)) == [("shadowed-rule", "rule:both")]
    graver = replace(both, severity=Severity.ABSOLUTE)
    assert found(rules=(graver, rule(key="alone", when=(heart,)))) == []


def test_the_same_rule_twice() -> None:
    assert found(rules=(GOOD, rule(key="again"))) == [("duplicate-rule", "rule:again")]
    assert found(rules=(GOOD, rule(key="again", areas=("face",)))) == []
    dead = rule(when=(Trigger(),))
    assert found(rules=(dead, replace(dead, key="again"))) == [
        ("dead-rule", "rule:good"),
        ("dead-rule", "rule:again"),
    ]


def test_a_place_is_an_area_of_the_clinic_or_stands_apart() -> None:
    options = (*(Option(key, {"en": key}) for key in ("face", "elbow")),)
    where = Question("x", QuestionKind.BODY_AREA, {"en": "Where?"}, options=options)
    assert found(where) == [("unknown-area", "question:x")]
    apart = (options[0], replace(options[1], exclusive=True))
    assert found(replace(where, options=apart)) == []


def test_warnings_come_in_the_order_of_the_questionnaire() -> None:
    places = [one.place for one in lint(SPEC, ["de"], KNOWN, CLINIC_AREAS)]
    assert places[:2] == ["questionnaire", "section:you"]
    questions = [one for one in places if one.startswith("question:")]
    assert places.index(questions[-1]) < places.index("rule:pregnancy")


@given(small.specs(positive=False), small.SMALL_ANSWERS, small.SMALL_RECORDS)
@settings(max_examples=150, deadline=None)
def test_what_is_called_dead_never_fires_and_what_is_shadowed_never_weighs_alone(
    questionnaire: QuestionnaireSpec, answers: dict[str, object], known: RecordFacts
) -> None:
    """The linter speaks only of what it can prove, whatever the answers (of those shown)."""
    warnings = lint(questionnaire, ["en"], KNOWN, AREAS)
    shown = {key: value for key, value in answers.items() if _shown(questionnaire, key, answers)}
    result = evaluate(questionnaire, shown, known, TODAY, TERMS)
    sure = (FindingKind.ANSWERED, FindingKind.RECORD)
    fired = {one.rule for one in result.findings if one.kind in sure}
    for warning in warnings:
        key = warning.place.removeprefix("rule:")
        if warning.code in (LintCode.DEAD_RULE, LintCode.CONTRADICTORY_RULE):
            assert key not in fired
        if warning.code is LintCode.SHADOWED_RULE and key in fired:
            graver = warning.message.split("“")[1].split("”")[0]
            assert graver in fired
        if warning.code is LintCode.ALWAYS_FIRES:
            assert key in fired


def _shown(questionnaire: QuestionnaireSpec, key: str, answers: dict[str, object]) -> bool:
    condition = questionnaire.questions[key].show_if
    if condition is None:
        return True
    given_answer = answers.get(condition.question)
    said = given_answer if isinstance(given_answer, list) else [given_answer]
    meets = bool({"yes" if one is True else one for one in said} & set(condition.values))
    return meets and _shown(questionnaire, condition.question, answers)
