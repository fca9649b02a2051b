"""Every pair of default rules, in every way in which either can be set off."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from patients.domain.questionnaire import QuestionKind, Rule, Trigger
from patients.domain.record import Fact, RecordFacts
from patients.domain.screening import FindingKind, ScreeningResult, evaluate
from tests.unit.patients.screening_measures import assert_not_milder
from tests.unit.patients.screening_worlds import ADULT, SPEC, TERMS, TODAY, clear_answers

_MEDICINES = ("Amlodipine", "Bisoprolol")
_CHILD = date(2012, 2, 29)


@dataclass(frozen=True)
class Way:
    """One way to set off a rule: what to answer beside “no”, and what the record says."""

    answers: tuple[tuple[str, str], ...] = ()
    facts: tuple[Fact, ...] = ()
    medicines: tuple[str, ...] = ()
    minor: bool = False


def _single(trigger: Trigger) -> Iterator[Way]:
    yield from (Way(answers=((trigger.question, value),)) for value in trigger.values)
    for tags, active in ((trigger.tags, True), (trigger.past_tags, False)):
        yield from (
            Way(facts=(Fact(tag.replace("*", "fish"), f"{tag} on record", active),)) for tag in tags
        )
    if trigger.medicines_at_least is not None:
        yield Way(medicines=_MEDICINES[: trigger.medicines_at_least])
    if trigger.age_under is not None:
        yield Way(minor=True)


def ways(rule: Rule) -> list[Way]:
    """All ways of all triggers together."""
    combined = itertools.product(*(list(_single(trigger)) for trigger in rule.when))
    found = [together(parts) for parts in combined]
    return [way for way in found if way is not None]


def together(parts: tuple[Way, ...]) -> Way | None:
    """All of `parts` at once; None where one question would need two answers."""
    answers = {pair for part in parts for pair in part.answers}
    single = [key for key, _ in answers if SPEC.questions[key].kind is not QuestionKind.MANY_OF]
    if len(single) != len(set(single)):
        return None
    return Way(
        answers=tuple(sorted(answers)),
        facts=tuple(sorted({fact for part in parts for fact in part.facts}, key=str)),
        medicines=tuple(sorted({name for part in parts for name in part.medicines})),
        minor=any(part.minor for part in parts),
    )


def judged(way: Way) -> ScreeningResult:
    answers = clear_answers()
    for key, value in way.answers:
        if SPEC.questions[key].kind is QuestionKind.MANY_OF:
            answers[key] = sorted({one for name, one in way.answers if name == key})
        else:
            answers[key] = value
    known = RecordFacts(way.facts, way.medicines, _CHILD if way.minor else ADULT)
    return evaluate(SPEC, answers, known, TODAY, TERMS)


def rules_fired(result: ScreeningResult) -> set[str]:
    sure = (FindingKind.ANSWERED, FindingKind.RECORD)
    return {one.rule for one in result.findings if one.kind in sure}


_WAYS = {rule.key: ways(rule) for rule in SPEC.rules}
_ALONE = {way: judged(way) for found in _WAYS.values() for way in found}


@pytest.mark.parametrize("key", sorted(_WAYS))
def test_each_way_sets_off_its_rule(key: str) -> None:
    assert _WAYS[key]
    assert all(key in rules_fired(_ALONE[way]) for way in _WAYS[key])


@pytest.mark.parametrize("key", sorted(_WAYS))
def test_no_pair_of_rules_hides_one_or_is_milder(key: str) -> None:
    for other in sorted(_WAYS):
        tried = 0
        for first, second in itertools.product(_WAYS[key], _WAYS[other]):
            pair = together((first, second))
            if other < key or pair is None:
                continue
            tried += 1
            result = judged(pair)
            assert {key, other} <= rules_fired(result)
            for one in (first, second):
                assert rules_fired(_ALONE[one]) <= rules_fired(result)
                assert_not_milder(result, _ALONE[one])
        assert tried or other < key, f"no way to combine {key} and {other}"
