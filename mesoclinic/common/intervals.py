"""Half-open intervals of time or of days, and the set arithmetic on lists of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=date)
Point = TypeVar("Point", bound=Any)

Pairs = list[tuple[Point, Point]]


@dataclass(frozen=True, order=True, slots=True)
class Interval(Generic[T]):
    """The half-open stretch ``[start, end)``: of instants (aware datetimes) or of days (dates).

    Aware datetimes are turned into UTC, because two datetimes of one zone compare by their
    wall clock and so lie about order when clocks go back. Two intervals that only touch do
    not overlap. Intervals sort by start, then by end.

    Raises ``ValueError`` for naive datetimes and for empty or reversed intervals, and
    ``TypeError`` when a date is mixed with a datetime.
    """

    start: T
    end: T

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            value = getattr(self, name)
            if isinstance(value, datetime) and value.tzinfo is not UTC:
                if value.utcoffset() is None:
                    raise ValueError(f"{name} must be an aware datetime, got {value!r}")
                object.__setattr__(self, name, value.astimezone(UTC))
        if isinstance(self.start, datetime) is not isinstance(self.end, datetime):
            raise TypeError("an interval holds two datetimes or two dates, not one of each")
        if self.start >= self.end:
            raise ValueError(f"an interval must end after it starts: {self.start} .. {self.end}")

    @property
    def duration(self) -> timedelta:
        """Elapsed time between start and end."""
        return self.end - self.start

    def contains(self, point: T) -> bool:
        """Whether the point lies in ``[start, end)``."""
        return self.start <= point < self.end

    def covers(self, other: Interval[T]) -> bool:
        """Whether the other interval lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Interval[T]) -> bool:
        """Whether the two share at least one point."""
        return self.start < other.end and other.start < self.end


def union(intervals: Iterable[Interval[T]]) -> list[Interval[T]]:
    """The same points as sorted intervals that neither overlap nor touch; takes any order."""
    return _wrap(merge_pairs(_unwrap(intervals)))


def subtract(whole: Iterable[Interval[T]], taken: Iterable[Interval[T]]) -> list[Interval[T]]:
    """The points of ``whole`` that are in no interval of ``taken``: sorted and disjoint."""
    return _wrap(subtract_pairs(merge_pairs(_unwrap(whole)), merge_pairs(_unwrap(taken))))


def intersect(left: Iterable[Interval[T]], right: Iterable[Interval[T]]) -> list[Interval[T]]:
    """The points that lie in both lists: sorted and disjoint."""
    return _wrap(intersect_pairs(merge_pairs(_unwrap(left)), merge_pairs(_unwrap(right))))


def merge_pairs(pairs: Iterable[tuple[Point, Point]]) -> Pairs[Point]:
    """`union` on bare ``(start, end)`` pairs of anything ordered; empty pairs vanish.

    The pair functions serve hot loops, where ``Point`` is a number of seconds.
    """
    merged: Pairs[Point] = []
    for start, end in sorted(pairs):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract_pairs(whole: Pairs[Point], taken: Pairs[Point]) -> Pairs[Point]:
    """`subtract` on pairs; both lists must come sorted and disjoint, as from `merge_pairs`."""
    left: Pairs[Point] = []
    index = 0
    for begin, end in whole:
        start = begin
        while index < len(taken) and taken[index][1] <= start:
            index += 1
        cursor = index
        while cursor < len(taken) and taken[cursor][0] < end:
            if start < taken[cursor][0]:
                left.append((start, taken[cursor][0]))
            start = taken[cursor][1]
            cursor += 1
        if start < end:
            left.append((start, end))
    return left


def intersect_pairs(left: Pairs[Point], right: Pairs[Point]) -> Pairs[Point]:
    """`intersect` on pairs; both lists must come sorted and disjoint, as from `merge_pairs`."""
    shared: Pairs[Point] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            shared.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return shared


def _unwrap(intervals: Iterable[Interval[T]]) -> Iterable[tuple[T, T]]:
    return ((interval.start, interval.end) for interval in intervals)


def _wrap(pairs: Pairs[T]) -> list[Interval[T]]:
    return [Interval(start, end) for start, end in pairs]
