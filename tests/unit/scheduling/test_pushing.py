"""Late arrivals and sessions that run over: what is pushed, and how little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from scheduling.domain.pushing import STEP, Spell, push

NINE = datetime(2026, 3, 24, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def spell(number: int, start: int, length: int = 30, after: int = 0) -> Spell:
    """A visit so many minutes after nine."""
    begins = NINE + start * MINUTE
    return Spell(begins, begins + length * MINUTE, UUID(int=number), after=after * MINUTE)


def starts(spells: list[Spell]) -> dict[int, int]:
    """Minutes after nine, by number."""
    return {one.id.int: int((one.start - NINE) / MINUTE) for one in spells}


def test_a_gap_swallows_the_delay() -> None:
    day = [spell(2, 30), spell(3, 60), spell(4, 100), spell(5, 130)]
    assert starts(push(spell(1, 0, 45), day)) == {2: 45, 3: 75, 4: 105, 5: 135}
    assert starts(push(spell(1, 0, 35), day)) == {2: 35, 3: 65}
    assert push(spell(1, 0, 30), day) == []


def test_buffers_are_kept_and_times_stay_round() -> None:
    """Ends at 09:42 with ten minutes of cleaning: the next one begins at 09:55."""
    assert starts(push(spell(1, 0, 42, after=10), [spell(2, 45)])) == {2: 55}


days = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), min_size=1, max_size=7)


@given(days, st.integers(0, 120))
def test_order_stays_nobody_overlaps_and_nobody_comes_earlier(
    gaps: list[tuple[int, int]], late: int
) -> None:
    at, day = 0, []
    for number, (gap, length) in enumerate(gaps):
        at += gap * 5
        day.append(spell(number, at, length * 5))
        at += length * 5
    first, others = day[0], day[1:]
    changed = Spell(first.start, first.end + late * MINUTE, first.id)
    moved = {one.id: one for one in push(changed, others)}
    after = [changed, *(moved.get(one.id, one) for one in others)]
    assert all(a.end <= b.start for a, b in pairwise(after))
    for old, new in zip(others, after[1:], strict=True):
        assert new.start >= old.start
        assert new.end - new.start == old.end - old.start
    # Nobody waits a step longer than the one before makes them.
    for before, new, old in zip(after, after[1:], others, strict=False):
        assert new.start == old.start or new.start - before.end < STEP
