"""A date of birth written wrong."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from patients.domain.likeness import slips


def test_a_wrong_digit_and_a_swap_are_slips_and_two_wrong_digits_are_not() -> None:
    found = slips(dt.date(1988, 3, 4))
    assert {dt.date(1988, 4, 3), dt.date(1983, 3, 4), dt.date(1988, 3, 14)} <= found
    assert dt.date(1988, 2, 5) not in found


@given(st.dates())
def test_slips_are_mutual_and_few(day: dt.date) -> None:
    found = slips(day)
    assert day not in found
    assert len(found) <= 73
    assert all(day in slips(one) for one in found)
