"""Changing a draft piece by piece: what is added, moved and taken away, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.domain import editing
from patients.domain.questionnaire import (
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Section,
    Severity,
    ShowIf,
    Trigger,
)
from tests.unit.patients.screening_worlds import SPEC


def question(key: str, **more: object) -> Question:
    return Question(key, QuestionKind.YES_NO_UNKNOWN, {"en": key}, **more)  # type: ignore[arg-type]


def rule(key: str, *asked: str) -> Rule:
    when = tuple(Trigger(one, ("yes",)) for one in asked)
    return Rule(key, Severity.CAUTION, {"en": key}, when, "G")


SMALL = QuestionnaireSpec(
    "1", 180,
    (
        Section("a", {"en": "A"}, (question("one"), question("two", show_if=ShowIf("one", ("yes",))))),
        Section("b", {"en": "B", "fr": "B"}, (question("three"),)),
    ),
    (rule("first", "one"), rule("third", "three"), rule("both", "one", "three")),
)  # fmt: skip


def keys(spec: QuestionnaireSpec) -> dict[str, list[str]]:
    return {one.key: [q.key for q in one.questions] for one in spec.sections}


def test_keys_are_made_of_the_words_and_never_taken_twice() -> None:
    assert editing.new_key("Fumez-vous ? Où ça", [], fallback="q") == "fumez_vous_ou_ca"
    assert editing.new_key("Smoke", ["smoke", "smoke_2"], fallback="q") == "smoke_3"
    assert editing.new_key("吸烟", [], fallback="question") == "question"
    assert len(editing.new_key("word " * 40, [], fallback="q")) <= 40


def test_a_question_is_exchanged_added_and_moved_between_sections() -> None:
    changed = editing.put_question(SMALL, "b", question("four"))
    assert keys(changed) == {"a": ["one", "two"], "b": ["three", "four"]}
    assert keys(editing.move_question(changed, "four", -1))["b"] == ["four", "three"]
    assert keys(editing.move_question(changed, "three", -1))["b"] == ["three", "four"]
    moved = editing.put_question(SMALL, "a", question("three"))
    assert keys(moved) == {"a": ["one", "two", "three"], "b": []}
    assert editing.section_with(moved, "three") == moved.sections[0]
    assert editing.section_with(moved, "nowhere") is None


def test_a_question_cannot_come_before_the_one_it_waits_for() -> None:
    with pytest.raises(ValueError, match="not asked before"):
        editing.move_question(SMALL, "two", -1)
    with pytest.raises(ValueError, match="not asked before"):
        editing.remove_question(SMALL, "one")
    with pytest.raises(ValueError, match="not asked before"):
        editing.put_question(SMALL, "b", question("one"))


def test_taking_a_question_away_takes_the_rules_that_ask_it() -> None:
    changed = editing.remove_question(SMALL, "three")
    assert [one.key for one in changed.rules] == ["first"]
    assert keys(changed) == {"a": ["one", "two"], "b": []}
    assert [one.key for one in editing.rules_about(SMALL, "one")] == ["first", "both"]


def test_sections_move_and_go_with_their_questions() -> None:
    assert list(keys(editing.move_section(SMALL, "b", -1))) == ["b", "a"]
    assert list(keys(editing.move_section(SMALL, "b", 1))) == ["a", "b"]
    assert editing.move_section(SMALL, "nowhere", 1) == SMALL
    gone = editing.remove_section(SMALL, "a")
    assert keys(gone) == {"b": ["three"]}
    assert [one.key for one in gone.rules] == ["third"]
    assert editing.remove_section(SMALL, "nowhere") == SMALL
    renamed = editing.put_section(SMALL, Section("c", {"en": "Sea"}, ()))
    assert [one.title["en"] for one in renamed.sections] == ["A", "B", "Sea"]


def test_rules_are_exchanged_added_and_taken_away() -> None:
    changed = editing.put_rule(SMALL, rule("first", "three"))
    assert changed.rules_by_key["first"].when[0].question == "three"
    assert [one.key for one in changed.rules] == ["first", "third", "both"]
    assert "new" in editing.put_rule(SMALL, rule("new", "one")).rules_by_key
    assert [one.key for one in editing.remove_rule(SMALL, "third").rules] == ["first", "both"]
    with pytest.raises(ValueError, match="unknown question"):
        editing.put_rule(SMALL, rule("new", "nowhere"))


def test_the_languages_are_those_that_something_is_written_in() -> None:
    assert editing.languages_of(SMALL) == ("en", "fr")
    assert editing.languages_of(SPEC) == ("en", "fr")


@given(
    st.lists(
        st.tuples(
            st.sampled_from([editing.move_question, editing.move_section]),
            st.sampled_from([*SPEC.questions, *(one.key for one in SPEC.sections)]),
            st.sampled_from([-1, 1]),
        ),
        max_size=6,
    )
)
@settings(max_examples=60, deadline=None)
def test_moving_loses_nothing(steps: list[tuple[object, str, int]]) -> None:
    spec = SPEC
    for move, key, step in steps:
        try:
            spec = move(spec, key, step)  # type: ignore[operator]
        except ValueError:
            continue
    assert set(spec.questions) == set(SPEC.questions)
    assert spec.rules == SPEC.rules
