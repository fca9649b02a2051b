"""Whom a freed time suits, and who is asked first."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.domain.waitlist import Freed, Waiting, days_left, in_order, suits
from treatments.domain.protocol import Window

PARIS = ZoneInfo("Europe/Paris")
ANNE, BERT = UUID(int=1), UUID(int=2)
SINCE = datetime(2026, 3, 1, 9, tzinfo=UTC)
# A Tuesday, 17:00 to 18:00 in Paris.
FREED = Freed(
    datetime(2026, 3, 24, 16, tzinfo=UTC), datetime(2026, 3, 24, 17, tzinfo=UTC), ANNE, PARIS
)
DAY = date(2026, 3, 24)


def waiting(**fields: Any) -> Waiting:
    """Somebody who takes any time of half an hour."""
    return Waiting(
        **{"id": UUID(int=9), "since": SINCE, "duration": timedelta(minutes=30), **fields}
    )


def window(first: int, last: int) -> Window:
    """Days of March."""
    return Window(date(2026, 3, first), date(2026, 3, first), date(2026, 3, last))


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"duration": timedelta(minutes=60)}, True),
        ({"duration": timedelta(minutes=61)}, False),
        ({"practitioner_id": ANNE}, True),
        ({"practitioner_id": BERT}, False),
        ({"weekdays": frozenset({1})}, True),
        ({"weekdays": frozenset({2})}, False),
        ({"times": (time(17), None)}, True),
        ({"times": (time(17, 1), None)}, False),
        ({"times": (None, time(17))}, False),
        ({"days": (DAY, DAY)}, True),
        ({"days": (None, date(2026, 3, 23))}, False),
        ({"days": (date(2026, 3, 25), None)}, False),
        ({"before": FREED.start}, False),
        ({"before": FREED.end}, True),
        ({"window": window(24, 30)}, True),
        ({"window": window(25, 30)}, False),
        ({"window": window(10, 20)}, True),
    ],
)
def test_whom_it_suits(fields: dict[str, Any], fits: bool) -> None:
    assert suits(waiting(**fields), FREED) is fits


def test_the_nearest_to_leaving_its_window_is_asked_first() -> None:
    """A window that has passed is nearest of all; without a window those who wait longest."""
    rows = [
        waiting(id=UUID(int=1)),
        waiting(id=UUID(int=2), since=SINCE - timedelta(days=1)),
        waiting(id=UUID(int=3), window=window(20, 30)),
        waiting(id=UUID(int=4), window=window(20, 25)),
        waiting(id=UUID(int=5), window=window(10, 20)),
        waiting(id=UUID(int=6), window=Window.open_from(DAY)),
        waiting(id=UUID(int=7), practitioner_id=BERT),
    ]
    assert [one.id.int for one in in_order(rows, FREED)] == [5, 4, 3, 2, 1, 6]


rows = st.builds(
    waiting,
    id=st.integers(1, 99).map(lambda n: UUID(int=n)),
    since=st.integers(0, 5).map(lambda n: SINCE + timedelta(hours=n)),
    window=st.none() | st.integers(20, 28).map(lambda last: window(15, last)),
    practitioner_id=st.sampled_from([None, ANNE, BERT]),
)


@given(st.lists(rows, max_size=8))
def test_the_order_is_by_urgency_and_leaves_nobody_out(people: list[Waiting]) -> None:
    found = in_order(people, FREED)
    assert sorted(found, key=id) == sorted((one for one in people if suits(one, FREED)), key=id)
    left = [days_left(one, DAY) for one in found]
    with_window = [days for days in left if days is not None]
    assert left == sorted(with_window) + [None] * (len(left) - len(with_window))
