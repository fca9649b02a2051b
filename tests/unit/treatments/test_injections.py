"""The injection map: exact shares, lenient reading, nothing lost on the way."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.domain.injections import (
    MAX_POINTS,
    STEP,
    Group,
    MapDraft,
    SyringeDraft,
    amount_of,
    depths,
    map_as_json,
    read_map,
    spread,
)

AMOUNTS = st.integers(min_value=0, max_value=10**7).map(lambda steps: steps * STEP)
WEIGHTS = st.builds(
    lambda first, rest: [Decimal(one) / 10_000 for one in (first, *rest)],
    st.integers(1, 10**6),
    st.lists(st.integers(0, 10**6), max_size=11),
)
PERCENT = st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)
GROUPS = st.builds(
    Group,
    view=st.sampled_from(["face", "face_left", "scalp"]),
    area=st.just("a"),
    technique=st.just("t"),
    layer=st.just("junction"),
    depth=st.sampled_from(["2", "2,5", "", "x"]),
    volume=st.sampled_from(["0.02", "0,1", "", "-1"]),
    syringe=st.integers(1, 9),
    points=st.lists(st.tuples(PERCENT, PERCENT), min_size=1, max_size=4, unique=True).map(tuple),
)


@given(AMOUNTS, WEIGHTS)
def test_shares_add_up_to_the_dose_exactly(amount: Decimal, weights: list[Decimal]) -> None:
    parts = spread(amount, weights)
    assert sum(parts, Decimal(0)) == amount
    assert all(part >= 0 and part % STEP == 0 for part in parts)


@given(AMOUNTS, WEIGHTS)
def test_no_share_is_further_than_a_step_from_its_due(
    amount: Decimal, weights: list[Decimal]
) -> None:
    total = sum(weights)
    for part, weight in zip(spread(amount, weights), weights, strict=True):
        assert abs(part * total - amount * weight) < STEP * total
        if not weight:
            assert part == 0


@pytest.mark.parametrize(
    ("amount", "weights"),
    [("1", ["0"]), ("1", ["-1", "2"]), ("0.0001", ["1"]), ("-1", ["1"])],
)
def test_what_can_t_be_shared_is_refused(amount: str, weights: list[str]) -> None:
    with pytest.raises(ValueError, match="must be"):
        spread(Decimal(amount), [Decimal(one) for one in weights])


@given(st.lists(GROUPS, max_size=3))
def test_a_map_survives_the_browser(groups: list[Group]) -> None:
    drawn = MapDraft((SyringeDraft(1, "2026-01-13T09:00:00+00:00", "3"),), tuple(groups))
    assert read_map(json.loads(json.dumps(map_as_json(drawn)))) == drawn


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["groups", "syringes", "points", "view", "number", "syringe", "depth"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_nonsense_is_left_out_and_never_raises(data: Any) -> None:
    drawn = read_map(data)
    assert drawn.total_ml >= 0
    assert all(0 <= x <= 100 and 0 <= y <= 100 for g in drawn.groups for x, y in g.points)


def test_more_points_than_a_hand_can_set_are_cut_off() -> None:
    points = [[n % 100, n // 100] for n in range(MAX_POINTS + 500)]
    drawn = read_map(
        {"groups": [{"view": "face", "points": points}, {"view": "face", "points": [[1, 99]]}]}
    )
    assert drawn.points == MAX_POINTS
    assert len(drawn.groups) == 1


def test_volumes_and_depths_are_read_with_point_or_comma() -> None:
    group = Group("face", "a", "t", "l", "2,5", "0,02", 2, ((Decimal(1), Decimal(1)),) * 1)
    assert (group.depth_mm, group.point_ml) == (Decimal("2.5"), Decimal("0.02"))
    drawn = MapDraft((), (group,))
    assert drawn.given_ml(2) == Decimal("0.02")
    assert drawn.given_ml(1) == 0
    assert depths(drawn.groups) == (Decimal("2.5"), Decimal("2.5"))
    assert depths([]) is None
    assert amount_of("nan", STEP) is None
    assert amount_of("0.0001", STEP) is None
    assert SyringeDraft(1, volume="3").volume_ml == 3
