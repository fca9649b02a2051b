"""Half-open intervals, proven against sets of points."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.common.intervals import (
    Interval,
    intersect,
    intersect_pairs,
    merge_pairs,
    subtract,
    subtract_pairs,
    union,
)

DAY0 = date(2026, 1, 1)


def days(first: int, end: int) -> Interval[date]:
    return Interval(DAY0 + timedelta(days=first), DAY0 + timedelta(days=end))


lists_of_intervals = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda p: days(p[0], p[0] + p[1])),
    max_size=7,
)


def points(intervals: list[Interval[date]]) -> set[date]:
    return {
        DAY0 + timedelta(days=n)
        for n in range(45)
        if any(interval.contains(DAY0 + timedelta(days=n)) for interval in intervals)
    }


def is_canonical(intervals: list[Interval[date]]) -> bool:
    return all(a.end < b.start for a, b in pairwise(intervals))


@given(lists_of_intervals)
def test_union_holds_the_same_points_sorted_and_apart(items: list[Interval[date]]) -> None:
    merged = union(items)
    assert points(merged) == points(items)
    assert is_canonical(merged)
    assert union(merged) == merged


@given(lists_of_intervals, lists_of_intervals)
def test_subtract_holds_the_points_of_the_first_only(
    whole: list[Interval[date]], taken: list[Interval[date]]
) -> None:
    left = subtract(whole, taken)
    assert points(left) == points(whole) - points(taken)
    assert is_canonical(left)


@given(lists_of_intervals, lists_of_intervals)
def test_intersect_holds_the_points_of_both(
    left: list[Interval[date]], right: list[Interval[date]]
) -> None:
    shared = intersect(left, right)
    assert points(shared) == points(left) & points(right)
    assert is_canonical(shared)
    assert shared == intersect(right, left)


@given(lists_of_intervals, lists_of_intervals)
def test_what_is_taken_and_what_is_left_make_up_the_whole(
    whole: list[Interval[date]], taken: list[Interval[date]]
) -> None:
    parts = subtract(whole, taken) + intersect(whole, taken)
    assert union(parts) == union(whole)


@given(st.integers(0, 20), st.integers(1, 5), st.integers(0, 20), st.integers(1, 5))
def test_overlap_means_a_shared_point(a: int, m: int, b: int, n: int) -> None:
    one, other = days(a, a + m), days(b, b + n)
    assert one.overlaps(other) == bool(points([one]) & points([other]))
    assert one.covers(other) == (points([other]) <= points([one]))


def test_touching_intervals_do_not_overlap() -> None:
    assert not days(1, 3).overlaps(days(3, 5))
    assert union([days(1, 3), days(3, 5)]) == [days(1, 5)]


def test_end_is_outside_and_start_inside() -> None:
    item = days(1, 3)
    assert item.contains(item.start)
    assert not item.contains(item.end)
    assert item.duration == timedelta(days=2)


def test_intervals_sort_by_start_then_end() -> None:
    assert sorted([days(2, 3), days(1, 9), days(1, 2)]) == [days(1, 2), days(1, 9), days(2, 3)]


def test_datetimes_are_kept_in_utc() -> None:
    paris = ZoneInfo("Europe/Paris")
    item = Interval(datetime(2026, 7, 1, 9, tzinfo=paris), datetime(2026, 7, 1, 10, tzinfo=paris))
    assert item.start == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert item.start.tzinfo is UTC
    assert item.end.tzinfo is UTC


def test_order_is_by_instant_where_wall_clocks_go_back() -> None:
    paris = ZoneInfo("Europe/Paris")
    before = datetime(2026, 10, 25, 2, 45, tzinfo=paris, fold=0)
    after = datetime(2026, 10, 25, 2, 15, tzinfo=paris, fold=1)
    assert Interval(before, after).duration == timedelta(minutes=30)


def test_naive_empty_reversed_and_mixed_are_refused() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="aware"):
        Interval(noon.replace(tzinfo=None), noon.replace(tzinfo=None))
    with pytest.raises(ValueError, match="after it starts"):
        Interval(noon, noon)
    with pytest.raises(ValueError, match="after it starts"):
        Interval(noon, noon - timedelta(hours=1))
    with pytest.raises(TypeError, match="one of each"):
        Interval[date](noon, date(2026, 1, 2))


def test_pairs_work_on_plain_numbers_and_drop_empty_ones() -> None:
    assert merge_pairs([(3, 3), (5, 7), (1, 2), (2, 4), (9, 8)]) == [(1, 4), (5, 7)]
    assert subtract_pairs([(0, 10)], [(2, 3), (5, 20)]) == [(0, 2), (3, 5)]
    assert intersect_pairs([(0, 4), (6, 9)], [(3, 7)]) == [(3, 4), (6, 7)]
