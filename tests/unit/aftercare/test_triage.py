"""Triage of what patients report: the knowledge base by example, and monotony."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercare.domain.codec import from_json, to_json
from aftercare.domain.triage import (
    Effect,
    Escalation,
    Report,
    ReportedEffect,
    TriageRules,
    Urgency,
    assess,
)

DATA = Path(__file__).resolve().parents[3] / "aftercare" / "data"
RULES = from_json(json.loads((DATA / "triage.json").read_text("utf-8")))
KEYS = sorted(RULES.by_key)


def urgency(*effects: ReportedEffect, hours: int = 24, **more: Any) -> Urgency:
    return assess(Report(effects, hours, **more), RULES).urgency


def effect(key: str, severity: int | None = 1, **more: bool) -> ReportedEffect:
    return ReportedEffect(key, severity, **more)


CARE, REVIEW, URGENT, EMERGENCY = Urgency


@pytest.mark.parametrize(
    ("reported", "hours", "expected"),
    [
        ([effect("redness")], 12, CARE),
        ([effect("redness")], 71, CARE),
        ([effect("redness")], 72, REVIEW),
        ([effect("redness", spreading=True)], 12, REVIEW),
        ([effect("swelling")], 48, CARE),
        ([effect("swelling", spreading=True)], 48, REVIEW),
        ([effect("bruise")], 96, CARE),
        ([effect("bruise", 2)], 24, REVIEW),
        ([effect("bruise")], 240, REVIEW),
        ([effect("pain")], 24, CARE),
        ([effect("pain", growing=True)], 24, REVIEW),
        ([effect("pain", growing=True), effect("redness")], 48, URGENT),
        ([effect("nausea")], 2, CARE),
        ([effect("nausea")], 12, REVIEW),
        ([effect("allergic_rash")], 1, REVIEW),
        ([effect("allergic_rash"), effect("breathing")], 1, EMERGENCY),
        ([effect("heat_pus")], 72, URGENT),
        ([effect("fever")], 72, URGENT),
        ([effect("fever"), effect("heat_pus")], 72, URGENT),
        ([effect("lumps")], 24 * 13, REVIEW),
        ([effect("lumps")], 24 * 14, URGENT),
        ([effect("breathing")], 0, EMERGENCY),
        ([effect("sight")], 0, EMERGENCY),
        ([effect("heart")], 0, EMERGENCY),
        ([effect("discolouration")], 24 * 30, REVIEW),
        ([effect("skin_damage")], 24, URGENT),
        ([], 24, CARE),
    ],
)
def test_the_catalogue_of_the_knowledge_base(
    reported: list[ReportedEffect], hours: int, expected: Urgency
) -> None:
    assert urgency(*reported, hours=hours) is expected


def test_severity_counts_whatever_the_effect() -> None:
    for key in KEYS:
        assert urgency(effect(key, 3)).rank >= REVIEW.rank
        assert urgency(effect(key, None)).rank >= REVIEW.rank
        assert urgency(effect(key, 4)) is EMERGENCY


def test_feeling_bad_or_asking_is_a_review() -> None:
    assert urgency(feeling=3) is CARE
    assert urgency(feeling=4) is REVIEW
    assert urgency(asks_for_help=True) is REVIEW


def test_an_unknown_effect_is_never_dropped() -> None:
    assert urgency(effect("antennae")) is REVIEW
    triage = assess(Report((effect("antennae"),), 1), RULES)
    assert [one.effect for one in triage.effects] == ["antennae"]
    assert triage.effects[0].advice == {}


def test_effects_come_gravest_first_with_their_advice() -> None:
    report = Report((effect("redness"), effect("heat_pus"), effect("bruise")), 24)
    triage = assess(report, RULES)
    assert [one.urgency for one in triage.effects] == [URGENT, URGENT, CARE]
    assert triage.effects[0].effect == "heat_pus"
    assert all(one.advice["en"] for one in triage.effects)
    assert triage.alerts_staff
    assert triage.advice == RULES.advice["urgent"]
    assert triage.version == RULES.version


EFFECTS = st.builds(
    ReportedEffect,
    st.sampled_from([*KEYS, "unheard_of"]),
    st.none() | st.integers(1, 5),
    st.booleans(),
    st.booleans(),
)
REPORTS = st.builds(
    Report,
    st.lists(EFFECTS, max_size=5).map(tuple),
    st.integers(0, 24 * 90),
    st.none() | st.integers(1, 5),
    st.booleans(),
)


@given(REPORTS, EFFECTS)
@settings(max_examples=300)
def test_one_more_effect_is_never_milder(report: Report, more: ReportedEffect) -> None:
    worse = replace(report, effects=(*report.effects, more))
    assert assess(worse, RULES).urgency.rank >= assess(report, RULES).urgency.rank


@given(REPORTS, st.data())
@settings(max_examples=300)
def test_a_graver_effect_is_never_milder(report: Report, data: st.DataObject) -> None:
    if not report.effects:
        return
    place = data.draw(st.integers(0, len(report.effects) - 1))
    old = report.effects[place]
    severity = old.severity
    if severity is not None:
        severity = data.draw(st.integers(severity, 5))
    grown = replace(
        old,
        severity=severity,
        growing=old.growing or data.draw(st.booleans()),
        spreading=old.spreading or data.draw(st.booleans()),
    )
    effects = (*report.effects[:place], grown, *report.effects[place + 1 :])
    worse = assess(replace(report, effects=effects), RULES)
    assert worse.urgency.rank >= assess(report, RULES).urgency.rank


@given(REPORTS, st.integers(0, 24 * 90))
@settings(max_examples=200)
def test_lasting_longer_is_never_milder(report: Report, hours: int) -> None:
    longer = replace(report, hours_since=report.hours_since + hours)
    assert assess(longer, RULES).urgency.rank >= assess(report, RULES).urgency.rank


@given(REPORTS)
def test_order_never_matters(report: Report) -> None:
    turned = replace(report, effects=tuple(reversed(report.effects)))
    assert assess(turned, RULES) == assess(report, RULES)


def test_every_effect_severity_and_day_has_an_answer() -> None:
    days = (0, 1, 3, 7, 14, 28, 84)
    for key, severity, day, growing in itertools.product(KEYS, range(1, 6), days, (True, False)):
        found = urgency(effect(key, severity, growing=growing), hours=24 * day)
        assert found.rank >= RULES.by_key[key].base.rank


def test_the_rules_survive_being_stored() -> None:
    assert from_json(json.loads(json.dumps(to_json(RULES)))) == RULES


def test_patients_are_asked_and_advised_in_french_too() -> None:
    for one in RULES.effects:
        for text in (one.name, one.question, one.advice, one.usual_course):
            assert text.get("en")
            assert text.get("fr")
        assert one.source
    assert all(text.get("fr") for text in RULES.advice.values())


def test_broken_rules_can_not_exist() -> None:
    one = replace(RULES.effects[0], escalations=())
    with pytest.raises(ValueError, match="condition"):
        Escalation(Urgency.REVIEW)
    with pytest.raises(ValueError, match="1 to 5"):
        Escalation(Urgency.REVIEW, severity=6)
    with pytest.raises(ValueError, match="unique"):
        TriageRules("1", (one, one), RULES.advice)
    with pytest.raises(ValueError, match="Advice is missing"):
        TriageRules("1", (one,), {})
    with pytest.raises(ValueError, match="1 to 5"):
        TriageRules("1", (), RULES.advice, unwell_from=0)
    stray = replace(one, escalations=(Escalation(Urgency.URGENT, together_with=("nowhere",)),))
    with pytest.raises(ValueError, match="not known"):
        TriageRules("1", (stray,), RULES.advice)
    assert isinstance(one, Effect)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"version": None}, "version"),
        ({"effects": {}}, "effects"),
        ({"advice": []}, "advice"),
        ({"surprise": 1}, "surprise"),
        ({"unwell_from": "4"}, "unwell_from"),
    ],
)
def test_unreadable_rules_name_the_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match=place):
        from_json({**to_json(RULES), **change})
