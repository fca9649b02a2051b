"""What the linter says about questionnaires that nobody can have meant."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from patients.domain.linter import LintCode, LintWarning, lint
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
)
from patients.domain.record import RecordFacts
from patients.domain.screening import FindingKind, evaluate
from tests.unit.patients import screening_specs as small
from tests.unit.patients.screening_worlds import DATA, SPEC, TERMS, TODAY

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


def test_the_default_questionnaire_is_clean_in_english_and_french() -> None:
    assert lint(SPEC, ["en", "fr"], KNOWN, CLINIC_AREAS) == ()


def test_a_small_good_questionnaire_is_clean() -> None:
    assert found(rules=(GOOD,)) == []
    assert lint(spec(rules=(GOOD,))) == ()


def test_every_text_is_wanted_in_every_language() -> None:
    warnings = lint(SPEC, ["en", "de"], KNOWN, CLINIC_AREAS)
    assert {one.code for one in warnings} == {LintCode.MISSING_LANGUAGE}
    texts = 1 + sum(1 + bool(one.intro) for one in SPEC.sections) + 2 * len(SPEC.rules)
    texts += sum(1 + bool(one.help) + len(one.options) for one in SPEC.questions.values())
    assert len(warnings) == texts
    assert warnings[0].place == "questionnaire"
    assert all("de" in one.message and "en" not in one.message[-5:] for one in warnings)
    blank = replace(QUESTIONS[3], key="blank", text={"en": " "})
    assert found(blank) == [("missing-language", "question:blank")]
    assert found(replace(blank, text={"en": "Blank?"}, help={"fr": "Oui"})) == [
        ("missing-language", "question:blank")
    ]


@pytest.mark.parametrize(
    ("condition", "required", "code"),
    [
        (ShowIf("sure", ()), False, "unreachable-question"),
        (ShowIf("words", ("yes",)), False, "unreachable-question"),
        (ShowIf("list", ("fish",)), False, "unreachable-question"),
        (ShowIf("sure", ()), True, "required-but-hidden"),
    ],
)
def test_questions_that_never_show(condition: ShowIf, required: bool, code: str) -> None:
    hidden = Question(
        "hidden", QuestionKind.YES_NO_UNKNOWN, {"en": "H?"}, required=required, show_if=condition
    )
    below = replace(hidden, key="below", required=False, show_if=ShowIf("hidden", ("yes",)))
    assert found(hidden, below) == [
        (code, "question:hidden"),
        ("unreachable-question", "question:below"),
    ]
    messages = [one.message for one in lint(spec(hidden, below), ["en"], KNOWN, AREAS)]
    assert "“hidden” before it" in messages[1]


def test_shown_questions_are_fine() -> None:
    shown = replace(QUESTIONS[0], key="shown", show_if=ShowIf("many", ("a",)))
    assert found(shown) == []


def test_an_empty_section_is_an_empty_screen() -> None:
    empty = replace(SPEC, sections=(*SPEC.sections, Section("empty", {"en": "E", "fr": "E"}, ())))
    assert [(one.code, one.place) for one in lint(empty, ["en"], KNOWN, CLINIC_AREAS)] == [
        (LintCode.EMPTY_SECTION, "section:empty")
    ]


def test_choices_that_are_the_same() -> None:
    def asked(*options: Option) -> list[tuple[str, str]]:
        return found(Question("x", QuestionKind.ONE_OF, {"en": "X?"}, options=options))

    assert asked(CHOICES[0], Option("d", {"en": " ay"})) == [("duplicate-option", "question:x")]
    assert asked(CHOICES[0], Option("a", {"en": "Other"})) == [("duplicate-option", "question:x")]
    assert asked(CHOICES[0], CHOICES[0]) == [("duplicate-option", "question:x")]
    assert asked(CHOICES[0], CHOICES[1]) == []


def test_a_required_choice_needs_none_of_these() -> None:
    many = Question("x", QuestionKind.MANY_OF, {"en": "X?"}, required=True, options=CHOICES)
    only_unknown = (*CHOICES, Option("unknown", {"en": "Don't know"}, exclusive=True))
    assert found(many) == [("no-way-to-deny", "question:x")]
    assert found(replace(many, options=only_unknown)) == [("no-way-to-deny", "question:x")]
    assert found(replace(many, options=WITH_NONE)) == []
    assert found(replace(many, required=False)) == []


def test_a_range_without_numbers() -> None:
    number = replace(QUESTIONS[4], key="x", minimum=Decimal(11))
    assert found(number) == [("impossible-range", "question:x")]
    assert found(replace(number, minimum=Decimal(10))) == []


@pytest.mark.parametrize(
    ("words", "help_text", "clean"),
    [
        ("Do you take anticoagulants?", "", False),
        ("Do you take anticoagulants?", "Blood thinners.", True),
        ("Do you take anticoagulants (blood thinners)?", "", True),
        ("Do you take blood thinners?", "", True),
        ("Keloids?", "", False),
    ],
)
def test_hard_words_need_help(words: str, help_text: str, clean: bool) -> None:
    question = Question("x", QuestionKind.TEXT, {"en": words}, {"en": help_text})
    assert found(question) == ([] if clean else [("jargon-without-help", "question:x")])


def test_hard_words_are_looked_for_in_choices_and_in_each_language() -> None:
    options = (Option("u", {"en": "Hives", "fr": "Urticaire"}), CHOICES[0])
    question = Question("x", QuestionKind.ONE_OF, {"en": "X?"}, options=options)
    warnings = lint(spec(question), ["en", "fr", "fi"], KNOWN, CLINIC_AREAS)
    hard = [one for one in warnings if one.code is LintCode.JARGON_WITHOUT_HELP]
    assert hard == [
        LintWarning(
            LintCode.JARGON_WITHOUT_HELP,
            "question:x",
            "Hard words in “fr” and no help: urticaire.",
        )
    ]


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
