from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.clinic.sessions import Limits, end_reason, is_stale

LIMITS = Limits(timedelta(minutes=15), timedelta(hours=12), timedelta(seconds=30))


@pytest.mark.parametrize(
    ("started", "seen", "expected"),
    [
        (0, 0, None),
        (15 * 60 + 29, 15 * 60 + 29, None),
        (15 * 60 + 30, 15 * 60 + 30, "idle"),
        (12 * 3600 - 1, 5, None),
        (12 * 3600, 5, "absolute"),
    ],
)
def test_limits(started: int, seen: int, expected: str | None) -> None:
    now = 1_000_000.0

    assert end_reason(now - started, now - seen, now, LIMITS) == expected


@given(st.floats(0, 12 * 3600 - 1), st.floats(0, 30))
def test_whoever_was_active_within_the_grain_stays(age: float, lag: float) -> None:
    """Activity is stored up to 30 s late: 15 minutes of true idleness never end earlier."""
    now = 1_000_000.0
    truly_idle = 15 * 60 - 1

    assert end_reason(now - age, now - truly_idle - lag, now, LIMITS) is None


def test_activity_is_stored_again_after_the_grain() -> None:
    assert not is_stale(100.0, 129.9, LIMITS)
    assert is_stale(100.0, 130.0, LIMITS)
