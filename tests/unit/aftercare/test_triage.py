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
    SessionFacts,
    TriageRules,
    Urgency,
    assess,
)

DATA = Path(__file__).resolve().parents[3] / "aftercare" / "data"
RULES = from_json(json.loads((DATA / "triage.json").read_text("utf-8")))
KEYS = sorted(RULES.by_key)


def urgency(*effects: ReportedEffect, hours: int = 24, **more: Any) -> Urgency:
    return assess(Report(effects, hours, **more), RULES).urgency


def effect(key: str, severity: int | None = 1, **more: Any) -> ReportedEffect:
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


def test_size_and_duration_count() -> None:
    assert urgency(effect("bruise", size=2)) is CARE
    assert urgency(effect("bruise", size=3)) is REVIEW
    assert urgency(effect("bruise", size=None)) is REVIEW  # not known counts as large
    assert urgency(effect("nausea", lasting_hours=11), hours=11) is CARE
    assert urgency(effect("nausea", lasting_hours=12), hours=11) is REVIEW
    assert urgency(effect("redness", lasting_hours=None), hours=71) is CARE
    mild = replace(RULES.by_key["redness"], escalations=(Escalation(REVIEW, lasting_hours=72),))
    rules = replace(RULES, effects=(mild,))
    since_session = Report((effect("redness", lasting_hours=None),), 72)
    since_today = Report((effect("redness", lasting_hours=6),), 72)
    assert assess(since_session, rules).urgency is REVIEW
    assert assess(since_today, rules).urgency is CARE


def test_what_was_given_counts() -> None:
    saline, lidocaine = (SessionFacts(frozenset({one})) for one in ("saline", "lidocaine"))
    assert urgency(effect("allergic_rash"), session=saline) is REVIEW
    assert urgency(effect("allergic_rash"), session=lidocaine) is URGENT
    old = effect("lumps", lasting_hours=24 * 7)
    assert urgency(old, hours=24 * 10) is REVIEW
    assert urgency(old, hours=24 * 10, session=SessionFacts(deep=True)) is URGENT


def test_anything_after_a_withdrawn_lot_is_read_by_somebody() -> None:
    withdrawn = SessionFacts(withdrawn_lots=frozenset({"W1"}))
    for key in (*KEYS, "unheard_of"):
        assert urgency(effect(key), hours=1, session=withdrawn).rank >= REVIEW.rank
    assert urgency(effect("redness"), hours=1) is CARE
    assert urgency(hours=1, session=withdrawn) is CARE  # nothing is noticed


EFFECTS = st.builds(
    ReportedEffect,
    st.sampled_from([*KEYS, "unheard_of"]),
    st.none() | st.integers(1, 5),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(1, 3),
    st.none() | st.integers(0, 24 * 90),
)
FACTS = st.builds(
    SessionFacts,
    st.frozensets(st.sampled_from(["lidocaine", "deoxycholate", "saline"])),
    st.booleans(),
    st.frozensets(st.sampled_from(["A1", "B2"])),
)
REPORTS = st.builds(
    Report,
    st.lists(EFFECTS, max_size=5).map(tuple),
    st.integers(0, 24 * 90),
    st.none() | st.integers(1, 5),
    st.booleans(),
    FACTS,
)


@given(REPORTS, FACTS)
@settings(max_examples=120)
def test_more_given_or_deeper_or_a_lot_withdrawn_is_never_milder(
    report: Report, more: SessionFacts
) -> None:
    had = report.session
    both = SessionFacts(
        had.ingredients | more.ingredients, had.deep or more.deep,
        had.withdrawn_lots | more.withdrawn_lots,
    )  # fmt: skip
    worse = assess(replace(report, session=both), RULES)
    assert worse.urgency.rank >= assess(report, RULES).urgency.rank


@given(REPORTS, st.integers(1, 5), st.booleans())
@settings(max_examples=100)
def test_feeling_worse_or_asking_is_never_milder(report: Report, feeling: int, asks: bool) -> None:
    worse = replace(
        report,
        feeling=max(report.feeling or 1, feeling),
        asks_for_help=report.asks_for_help or asks,
    )
    assert assess(worse, RULES).urgency.rank >= assess(report, RULES).urgency.rank


@given(REPORTS, EFFECTS)
@settings(max_examples=150)
def test_one_more_effect_is_never_milder(report: Report, more: ReportedEffect) -> None:
    worse = replace(report, effects=(*report.effects, more))
    assert assess(worse, RULES).urgency.rank >= assess(report, RULES).urgency.rank


@given(REPORTS, st.data())
@settings(max_examples=150)
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
        size=None if old.size is None else data.draw(st.integers(old.size, 3)),
        lasting_hours=(
            # Not known counts as since the session.
            old.lasting_hours and data.draw(st.integers(old.lasting_hours, 24 * 90))
        ),
    )
    effects = (*report.effects[:place], grown, *report.effects[place + 1 :])
    worse = assess(replace(report, effects=effects), RULES)
    assert worse.urgency.rank >= assess(report, RULES).urgency.rank


@given(REPORTS, st.integers(0, 24 * 90))
@settings(max_examples=120)
def test_lasting_longer_is_never_milder(report: Report, hours: int) -> None:
    longer = replace(report, hours_since=report.hours_since + hours)
    assert assess(longer, RULES).urgency.rank >= assess(report, RULES).urgency.rank


@given(REPORTS)
def test_order_never_matters(report: Report) -> None:
    turned = replace(report, effects=tuple(reversed(report.effects)))
    assert assess(turned, RULES) == assess(report, RULES)


def test_every_effect_severity_size_and_day_is_judged_and_never_milder_than_the_one_before() -> (
    None
):
    """The whole catalogue: each step in one direction is at least as grave."""
    days = (0, 1, 3, 5, 7, 10, 14, 28, 56, 84)
    flags = [(growing, deep) for growing in (False, True) for deep in (False, True)]
    for key in KEYS:
        judged = {
            (severity, size, day, growing, deep): urgency(
                effect(key, severity, growing=growing, size=size, lasting_hours=None),
                hours=24 * day, session=SessionFacts(deep=deep),
            ).rank
            for severity, size, day in itertools.product(range(1, 6), range(1, 4), days)
            for growing, deep in flags
        }  # fmt: skip
        base = RULES.by_key[key].base.rank
        for (severity, size, day, growing, deep), rank in judged.items():
            assert rank >= base
            later = [one for one in days if one > day]
            steps = [
                (min(severity + 1, 5), size, day, growing, deep),
                (severity, min(size + 1, 3), day, growing, deep),
                (severity, size, later[0] if later else day, growing, deep),
                (severity, size, day, True, deep),
                (severity, size, day, growing, True),
            ]
            assert all(judged[one] >= rank for one in steps), (key, severity, size, day)


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
    with pytest.raises(ValueError, match=r"^An escalation needs a condition\.$"):
        Escalation(Urgency.REVIEW)
    with pytest.raises(ValueError, match=r"^Severity goes from 1 to 5\.$"):
        Escalation(Urgency.REVIEW, severity=6)
    for size in (0, 4):
        with pytest.raises(ValueError, match=r"^Size goes from 1 to 3\.$"):
            Escalation(Urgency.REVIEW, size=size)
    for conditions in ({"size": 1}, {"severity": 1}, {"severity": 5}, {"lasting_hours": 0}, {"after_hours": 0}, {"deep": True},
                  {"ingredients": ("saline",)}, {"spreading": True}):  # fmt: skip
        assert Escalation(Urgency.REVIEW, **conditions)
    with pytest.raises(ValueError, match=r"^Effect keys must be unique\.$"):
        TriageRules("1", (one, one), RULES.advice)
    with pytest.raises(
        ValueError, match=r"^Advice is missing for: emergency, review, self_care, urgent\.$"
    ):
        TriageRules("1", (one,), {})
    for face in (0, 6):
        with pytest.raises(ValueError, match=r"^Feeling goes from 1 to 5\.$"):
            TriageRules("1", (), RULES.advice, unwell_from=face)
    for face in range(1, 6):
        assert TriageRules("1", (), RULES.advice, unwell_from=face).unwell_from == face
    stray = replace(one, escalations=(Escalation(Urgency.URGENT, together_with=("nowhere",)),))
    with pytest.raises(
        ValueError, match=f"^“{one.key}” escalates with an effect that is not known.$"
    ):
        TriageRules("1", (stray,), RULES.advice)
    assert isinstance(one, Effect)
    mutual = replace(one, escalations=(Escalation(Urgency.URGENT, together_with=(one.key,)),))
    assert TriageRules("1", (mutual,), RULES.advice).by_key == {one.key: mutual}


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


def test_what_is_not_said_is_the_least() -> None:
    plain = Effect("tingling", {"en": "Tingling"}, {}, REVIEW, {}, {}, "G")
    said = (plain.escalations, plain.red_flag, plain.on_skin, plain.late, plain.event)
    assert said == ((), False, False, False, "")
    rules = TriageRules("1", (plain,), advice=RULES.advice)
    assert (rules.unwell_from, rules.review_note) == (4, "")
    told = ReportedEffect("tingling")
    assert (told.severity, told.size, told.lasting_hours) == (1, 1, 0)


def test_a_severity_that_is_not_known_counts_as_severe_and_no_graver() -> None:
    for bound, expected in ((3, URGENT), (4, REVIEW)):
        line = Escalation(URGENT, severity=bound)
        tingling = Effect("tingling", {"en": "Tingling"}, {}, REVIEW, {}, {}, "G", (line,))
        rules = TriageRules("1", (tingling,), advice=RULES.advice)
        told = Report((effect("tingling", None),), 24)
        assert assess(told, rules).urgency is expected


def test_a_clinic_knows_which_ingredients_its_rules_name() -> None:
    named = replace(
        RULES.effects[0],
        escalations=(Escalation(to=URGENT, ingredients=("lidocaine", "procaine")),),
    )
    rules = replace(RULES, effects=(named, *RULES.effects[1:]))
    assert {"lidocaine", "procaine"} <= rules.ingredients
