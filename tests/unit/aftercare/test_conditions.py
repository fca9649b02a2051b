"""Whom a step is for."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.domain.conditions import (
    KINDS,
    Circumstances,
    Conditions,
    Season,
    Which,
    conditions_of,
    fits,
    season_of,
)

KEYS = st.frozensets(st.sampled_from(["a", "b", "c"]))
KNOWN = st.dictionaries(st.sampled_from(KINDS), KEYS)
ANYBODY = st.builds(Circumstances, KNOWN, st.none() | st.integers(1, 15))


@given(ANYBODY)
def test_a_step_without_conditions_is_for_everybody(about: Circumstances) -> None:
    assert fits(Conditions(), about)
    assert Conditions({"flags": frozenset()}).is_open


@given(KNOWN, ANYBODY, st.sampled_from(KINDS))
def test_a_further_kind_never_lets_more_people_in(
    wanted: dict[str, frozenset[str]], about: Circumstances, kind: str
) -> None:
    narrower = Conditions(wanted | {kind: frozenset({"a"})})
    wider = Conditions({name: keys for name, keys in wanted.items() if name != kind})
    assert not fits(narrower, about) or fits(wider, about)


@given(KNOWN, ANYBODY)
def test_each_kind_that_is_named_must_fit_by_one_key(
    wanted: dict[str, frozenset[str]], about: Circumstances
) -> None:
    missing = [k for k, keys in wanted.items() if keys and not keys & about.known.get(k, set())]
    assert fits(Conditions(wanted), about) is not bool(missing)


@pytest.mark.parametrize(
    ("which", "number", "is_for"),
    [(Which.FIRST, 1, True), (Which.FIRST, 2, False), (Which.FIRST, None, False),
     (Which.LATER, 1, False), (Which.LATER, 2, True), (Which.LATER, None, False),
     (Which.ANY, None, True), (Which.ANY, 9, True)],
)  # fmt: skip
def test_first_and_later_sessions(which: Which, number: int | None, is_for: bool) -> None:
    assert fits(Conditions(which=which), Circumstances({}, number)) is is_for


@pytest.mark.parametrize("spec", [{"colour": ["red"]}, {"flags": "anticoagulant"}, {"areas": [1]}])
def test_nonsense_is_refused_before_it_silences_a_step(spec: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (any of our sentences)
        conditions_of(spec)


def test_what_has_to_be_known_is_only_what_is_asked() -> None:
    assert conditions_of({"flags": ["x"], "areas": []}).kinds == {"flags"}
    assert conditions_of({}, "first").kinds == {"which"}


@given(st.dates())
def test_the_south_has_the_opposite_season(day: dt.date) -> None:
    seasons = list(Season)
    north, south = season_of(day, northern=True), season_of(day, northern=False)
    assert (seasons.index(north) + 2) % 4 == seasons.index(south)


@pytest.mark.parametrize(
    ("month", "season"),
    [(12, "winter"), (2, "winter"), (3, "spring"), (5, "spring"), (6, "summer"), (9, "autumn"),
     (11, "autumn")],
)  # fmt: skip
def test_the_months_of_the_north(month: int, season: str) -> None:
    assert season_of(dt.date(2026, month, 1), northern=True) == season
