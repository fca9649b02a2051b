"""What the linter says about questionnaires that nobody can have meant."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from patients.domain.linter import LintCode, LintWarning, lint
from patients.domain.questionnaire import (
    Option,
    Question,
    QuestionKind,
    Section,
    ShowIf,
)
from tests.unit.patients.linter_small import (
    AREAS,
    CHOICES,
    CLINIC_AREAS,
    GOOD,
    KNOWN,
    QUESTIONS,
    WITH_NONE,
    found,
    spec,
)
from tests.unit.patients.screening_worlds import SPEC


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
