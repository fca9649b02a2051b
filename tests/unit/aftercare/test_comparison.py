"""What two versions of the triage rules judge differently is found, whatever hides it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.domain.comparison import Comparison, compare, differences
from aftercare.domain.triage import (
    Effect,
    Escalation,
    Report,
    ReportedEffect,
    SessionFacts,
    TriageRules,
    Urgency,
    assess,
)
from tests.unit.aftercare.test_triage import RULES

CARE, REVIEW, URGENT, EMERGENCY = Urgency


def with_lines(key: str, *lines: Escalation, base: Urgency | None = None) -> TriageRules:
    """The default rules, with one effect judged like this."""
    return replace(
        RULES,
        effects=tuple(
            replace(one, escalations=lines, base=base or one.base) if one.key == key else one
            for one in RULES.effects
        ),
    )


@pytest.mark.parametrize("key", ["lumps", "allergic_rash", "blisters", "discolouration"])
def test_leaving_out_what_makes_an_effect_graver_is_milder(key: str) -> None:
    """Also where only depth, an ingredient or another effect makes it graver."""
    lines = RULES.by_key[key].escalations
    for one in lines:
        found = compare(RULES, with_lines(key, *(line for line in lines if line is not one)))
        assert found.milder, one
        assert not found.graver


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Between two days.
        (Escalation(URGENT, after_hours=30), Escalation(URGENT, after_hours=40)),
        # Only where it began late.
        (Escalation(URGENT, after_hours=72), Escalation(URGENT, lasting_hours=72)),
        # One ingredient, one partner of several.
        (Escalation(URGENT, ingredients=("a", "b")), Escalation(URGENT, ingredients=("a",))),
        (
            Escalation(URGENT, together_with=("fever", "pain")),
            Escalation(URGENT, together_with=("fever",)),
        ),
        # Both at once.
        (Escalation(URGENT, growing=True), Escalation(URGENT, growing=True, spreading=True)),
        (
            Escalation(URGENT, together_with=("fever",), ingredients=("a",)),
            Escalation(URGENT, together_with=("fever",), ingredients=("a",), deep=True),
        ),
    ],
)
def test_a_condition_that_is_narrower_is_milder(old: Escalation, new: Escalation) -> None:
    before, after = with_lines("bruise", old), with_lines("bruise", new)
    assert compare(before, after).weakens
    assert not compare(after, before).milder


def test_what_is_graver_by_itself_does_not_hide_what_is_milder_elsewhere() -> None:
    before = with_lines("bruise", Escalation(URGENT, deep=True), base=CARE)
    after = with_lines("bruise", base=REVIEW)
    found = compare(before, after)
    assert {(one.before, one.after) for one in found.milder} == {(URGENT, REVIEW)}
    assert {(one.before, one.after) for one in found.graver} == {(CARE, REVIEW)}


def test_changes_are_told_in_as_few_lines_as_there_are_fates() -> None:
    found = compare(RULES, with_lines("fever", *RULES.by_key["fever"].escalations, base=CARE))
    assert [(one.severities, one.before, one.after) for one in found.milder] == [
        ((1, 2), URGENT, CARE),
        ((3,), URGENT, REVIEW),
    ]
    assert len(differences(RULES, RULES)) == 0
    assert compare(RULES, RULES) == Comparison()


LINES = st.builds(
    Escalation,
    to=st.sampled_from([REVIEW, URGENT]),
    severity=st.sampled_from([None, 2]),
    after_hours=st.sampled_from([None, 20, 50]),
    lasting_hours=st.sampled_from([None, 20, 50]),
    growing=st.booleans(),
    deep=st.booleans(),
    together_with=st.sampled_from([(), ("fever",), ("fever", "pain")]),
    ingredients=st.sampled_from([("a",), ("b",), ("a", "b")]),
)
EFFECT = st.tuples(st.sampled_from([CARE, REVIEW]), st.lists(LINES, max_size=3))


@given(EFFECT, EFFECT)
@settings(max_examples=25, deadline=None)
def test_nothing_milder_is_missed(
    old: tuple[Urgency, list[Escalation]], new: tuple[Urgency, list[Escalation]]
) -> None:
    """Against every report that the two can tell apart."""
    before = with_lines("bruise", *old[1], base=old[0])
    after = with_lines("bruise", *new[1], base=new[0])
    found = compare(before, after)
    judged = [(_urgency(one, before), _urgency(one, after)) for one in _reports()]
    assert bool(found.milder) == any(new.rank < old.rank for old, new in judged)
    assert bool(found.graver) == any(new.rank > old.rank for old, new in judged)


def _reports() -> list[Report]:
    times = [
        (since, lasting) for since, lasting in product((0, 20, 50), repeat=2) if lasting <= since
    ]
    partners = [(), ("fever",), ("pain",), ("fever", "pain")]
    given_ = [frozenset[str](), frozenset("a"), frozenset("b"), frozenset("ab")]
    return [
        Report(
            (
                ReportedEffect("bruise", severity, growing, lasting_hours=lasting),
                *(ReportedEffect(one) for one in others),
            ),
            since,
            session=SessionFacts(keys, deep),
        )
        for severity, growing, deep, (since, lasting), others, keys in product(
            (1, 2), (False, True), (False, True), times, partners, given_
        )
    ]


def _urgency(report: Report, rules: TriageRules) -> Urgency:
    return next(one.urgency for one in assess(report, rules).effects if one.effect == "bruise")


def test_what_is_not_asked_any_more_weakens() -> None:
    gone: Effect = replace(RULES.effects[0], key="gone", escalations=())
    found = compare(replace(RULES, effects=(*RULES.effects, gone)), RULES)
    assert (found.unasked, found.weakens) == ((gone,), True)
    quiet = replace(RULES, effects=tuple(replace(one, late=False) for one in RULES.effects))
    assert {one.key for one in compare(RULES, quiet).unasked_late} == {
        one.key for one in RULES.effects if one.late
    }
    later = compare(RULES, replace(RULES, unwell_from=RULES.unwell_from + 1))
    assert (later.reads_later, later.weakens, later.milder) == (True, True, ())
