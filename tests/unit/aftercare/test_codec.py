"""Triage rules as documents: what goes in comes out, and what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.domain.codec import from_json, to_json
from aftercare.domain.triage import Effect, Escalation, TriageRules, Urgency

_WORDS = st.dictionaries(st.sampled_from(["en", "fr"]), st.text(max_size=20), max_size=2)
_URGENCY = st.sampled_from(Urgency)
_ADVICE = {urgency.value: {"en": urgency.value} for urgency in Urgency}
DEFAULTS = Path(__file__).parents[3] / "aftercare" / "data" / "triage.json"


@st.composite
def rules(draw: st.DrawFn) -> TriageRules:
    keys = draw(st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), unique=True, max_size=4))
    escalation = st.builds(
        Escalation,
        to=_URGENCY,
        severity=st.integers(1, 5),
        after_hours=st.none() | st.integers(0, 500),
        growing=st.booleans(),
        spreading=st.booleans(),
        together_with=st.lists(st.sampled_from(keys), max_size=2).map(tuple)
        if keys
        else st.just(()),
    )
    effects = tuple(
        Effect(
            key=key, name=draw(_WORDS), question=draw(_WORDS), base=draw(_URGENCY),
            usual_course=draw(_WORDS), advice=draw(_WORDS), source=draw(st.text(max_size=4)),
            escalations=tuple(draw(st.lists(escalation, max_size=2))), red_flag=draw(st.booleans()),
        )
        for key in keys
    )  # fmt: skip
    return TriageRules(
        version=draw(st.text(max_size=4)), effects=effects, advice=_ADVICE,
        unwell_from=draw(st.integers(1, 5)), review_note=draw(st.text(max_size=9)),
    )  # fmt: skip


@given(rules())
def test_what_is_written_is_read_back_even_through_text(one: TriageRules) -> None:
    assert from_json(to_json(one)) == one
    assert from_json(json.loads(json.dumps(to_json(one)))) == one


def test_the_default_rules_survive_a_round_trip() -> None:
    document = json.loads(DEFAULTS.read_text("utf-8"))
    read = from_json(document)
    assert from_json(to_json(read)) == read


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"effects": None}, "effects"),
        ({"unwell_from": "often"}, "unwell_from"),
        ({"unwell_from": 9}, "Feeling"),
        ({"advice": {}}, "Advice"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_fault_names_its_place(change: dict[str, Any], place: str) -> None:
    document = json.loads(DEFAULTS.read_text("utf-8")) | change
    with pytest.raises(ValueError, match=place):
        from_json(document)


def test_a_fault_deep_inside_names_its_place() -> None:
    document = json.loads(DEFAULTS.read_text("utf-8"))
    document["effects"][1]["base"] = "dire"
    with pytest.raises(ValueError, match="base"):
        from_json(document)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3)))  # fmt: skip
def test_nonsense_is_refused_in_words_never_with_a_crash(document: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(document)
