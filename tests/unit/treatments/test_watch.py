"""Cluster watch: the test is exact, the correction honest, a planted cluster is found."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.domain.watch import Signal, Tally, holm, judge, late_signs, tail


def exact(k: int, n: int, events: int, total: int) -> Fraction:
    """The same probability by counting."""
    hits = sum(
        comb(events, one) * comb(total - events, n - one) for one in range(k, min(n, events) + 1)
    )
    return Fraction(hits, comb(total, n))


COUNTS = st.integers(1, 40).flatmap(
    lambda total: st.tuples(st.just(total), st.integers(0, total), st.integers(0, total))
)


@given(COUNTS, st.data())
def test_the_tail_is_the_exact_probability(
    counts: tuple[int, int, int], data: st.DataObject
) -> None:
    total, n, events = counts
    k = data.draw(st.integers(0, min(n, events)))
    assert tail(k, n, events, total) == pytest.approx(float(exact(k, n, events, total)), abs=1e-9)
    if k:
        assert tail(k, n, events, total) <= tail(k - 1, n, events, total) + 1e-12


@given(st.dictionaries(st.integers(), st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(raw: dict[int, float]) -> None:
    corrected = holm(raw)
    assert all(raw[key] <= corrected[key] <= 1 for key in raw)
    ordered = sorted(raw, key=lambda key: raw[key])
    assert [corrected[key] for key in ordered] == sorted(corrected.values())


def test_a_lot_with_half_of_all_events_in_a_tenth_of_the_sessions_warns() -> None:
    tallies = [Tally("bad", 20, 10), *(Tally(n, 20, 1) for n in range(9))]
    worst, *others = judge(tallies, 200, 19)
    assert worst.tally.key == "bad"
    assert worst.signal is Signal.WARN
    assert worst.rate == 0.5
    assert worst.base_rate == pytest.approx(9 / 180)
    assert {one.signal for one in others} == {Signal.NONE}


def test_a_low_p_among_many_groups_is_only_worth_a_look() -> None:
    tallies = [Tally("odd", 10, 3), *(Tally(n, 10, 2) for n in range(30))]
    found = {one.tally.key: one for one in judge(tallies, 1000, 63)}
    assert found["odd"].p > 0.01
    tallies[0] = Tally("odd", 10, 4)
    found = {one.tally.key: one for one in judge(tallies, 1000, 64)}
    assert found["odd"].p < 0.01
    assert found["odd"].signal in {Signal.LOOK, Signal.WARN}


def test_one_event_alone_is_never_a_cluster() -> None:
    (only,) = judge([Tally("x", 1, 1)], 10_000, 1)
    assert only.signal is Signal.NONE


def test_counts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="contradict"):
        tail(3, 2, 5, 10)


def test_late_signs_count_by_week_after_the_last_session_for_twelve_weeks() -> None:
    day = date(2026, 1, 1)
    sessions = {"a": [day - timedelta(days=30), day], "b": [day]}
    signs = [
        ("a", day), ("a", day + timedelta(days=6)), ("a", day + timedelta(days=7)),
        ("b", day + timedelta(days=83)), ("b", day + timedelta(days=84)),
        ("b", day - timedelta(days=1)), ("c", day),
    ]  # fmt: skip
    counts = late_signs(sessions, signs)
    assert counts[0] == 2
    assert counts[1] == 1
    assert counts[11] == 1
    assert sum(counts) == 4
