"""The search itself, on bare nodes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days
from scheduling.domain.courses.search import (
    Node,
    Prices,
    Problem,
    Step,
    chain_cost,
    cheapest_chain,
    reach_backward,
    reach_forward,
    steps_between,
)
from tests.unit.scheduling.course_worlds import START, slot
from treatments.domain.protocol import Gap, GapUnit, window_after

PRICES = Prices(day=1, practitioner=5, room=1)
WEEKLY = Gap(7, 8, 10)


def node(day: int, cost: int = 0, who: int = 1, *, kept: bool = False) -> Node:
    return Node(START.toordinal() + day, who, -1, cost, slot(add_days(START, day)), kept)


def days(chain: list[Node]) -> list[int]:
    return [item.day - START.toordinal() for item in chain]


def test_a_step_is_the_window_after_its_gaps() -> None:
    for gap in (WEEKLY, Gap(1, 2, 6, GapUnit.MONTHS)):
        window = window_after(date(2026, 1, 31), gap)
        assert Step([gap])(date(2026, 1, 31).toordinal()) == (
            window.earliest.toordinal(),
            window.ideal.toordinal(),
            window.latest.toordinal(),
        )
    assert Step([WEEKLY, WEEKLY])(100) == (114, 116, 120)


def test_equal_gaps_share_a_step() -> None:
    first, second, third = steps_between([WEEKLY, Gap(7, 8, 9), WEEKLY])
    assert first is third
    assert first is not second


def test_the_cheaper_start_wins_when_both_lead_on() -> None:
    layers = [[node(0, 3), node(1, 0)], [node(9)]]
    assert days(cheapest_chain(Problem(layers, [Step([WEEKLY])], PRICES))) == [1, 9]
    assert chain_cost(Problem(layers, [Step([WEEKLY])], PRICES), [layers[0][0], layers[1][0]]) == 4


def test_no_chain_is_an_error() -> None:
    with pytest.raises(ValueError, match="no chain"):
        cheapest_chain(Problem([[node(0)], [node(20)]], [Step([WEEKLY])], PRICES))


def test_a_kept_node_outside_its_window_costs_extra_or_is_forbidden() -> None:
    layers = [[node(0)], [node(8, 50), node(20, kept=True)]]
    dear = Problem(layers, [Step([WEEKLY])], PRICES, lambda *_: 1000)
    assert days(cheapest_chain(dear)) == [0, 8]
    cheap = Problem([[node(0)], [node(20, kept=True)]], [Step([WEEKLY])], PRICES, lambda *_: 1000)
    assert days(cheapest_chain(cheap)) == [0, 20]
    forbidden = Problem(layers, [Step([WEEKLY])], PRICES, lambda *_: None)
    assert days(cheapest_chain(forbidden)) == [0, 8]


@given(st.lists(st.lists(st.integers(0, 30), unique=True, max_size=8), min_size=1, max_size=4))
def test_what_is_reached_both_ways_is_what_lies_on_some_chain(
    layers_of_days: list[list[int]],
) -> None:
    layers = [[node(day) for day in sorted(layer)] for layer in layers_of_days]
    steps = [Step([WEEKLY])] * (len(layers) - 1)
    chains: list[list[int]] = [[]]
    for layer in layers_of_days:
        chains = [
            [*chain, day]
            for chain in chains
            for day in layer
            if not chain or 7 <= day - chain[-1] <= 10
        ]
    reached = reach_forward(layers, steps)
    if not chains:
        assert len(reached) < len(layers) or not reached[-1]
        return
    alive = reach_backward(reached, steps)
    for at, nodes in enumerate(alive):
        assert set(days(nodes)) == {chain[at] for chain in chains}
