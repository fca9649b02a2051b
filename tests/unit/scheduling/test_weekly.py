"""Hours as people write them."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.domain.weekly import Block, EndsFirst, Overlap, format_day, parse_day, without


@pytest.mark.parametrize(
    "text", ["9-12:30, 14:00-18", "14:00 - 18:00; 09:00-12:30", "9h-12h30, 14.00 to 18.00"]
)
def test_many_ways_to_write_the_same(text: str) -> None:
    assert parse_day(text) == ((time(9), time(12, 30)), (time(14), time(18)))


@pytest.mark.parametrize("text", ["12-9", "9-12, 11-14", "morning", "9", "25-26", "9:75-10"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_day(text)


@pytest.mark.parametrize(
    ("text", "why"), [("12-9", EndsFirst), ("9-9", EndsFirst), ("9-12, 11-14", Overlap)]
)
def test_what_is_wrong_with_it_is_told_apart(text: str, why: type[ValueError]) -> None:
    with pytest.raises(why):
        parse_day(text)


times = st.integers(0, 287).map(lambda n: time(n // 12, n % 12 * 5))


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Block, ...]:
    """Disjoint blocks in order."""
    found = sorted(draw(st.sets(times, max_size=6)))
    return tuple(zip(found[::2], found[1::2], strict=False))


@given(blocks())
def test_what_is_written_is_read(day: tuple[Block, ...]) -> None:
    assert parse_day(format_day(day)) == day


@given(blocks(), blocks(), times)
def test_taking_away_is_taking_away(
    whole: tuple[Block, ...], taken: tuple[Block, ...], at: time
) -> None:
    def holds(day: tuple[Block, ...]) -> bool:
        return any(start <= at < end for start, end in day)

    assert holds(without(whole, taken)) is (holds(whole) and not holds(taken))
