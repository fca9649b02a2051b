"""Doses are exact decimals with units that convert or refuse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.domain.doses import Dimension, Dose, Unit, UnitMismatch, parse_unit, total

AMOUNTS = st.decimals(min_value=0, max_value=10**6, places=6)
MASS = st.sampled_from([Unit.UG, Unit.MG, Unit.G])


@pytest.mark.parametrize(
    ("word", "unit"),
    [("mg", Unit.MG), (" ML ", Unit.ML), ("µg", Unit.UG), ("mcg", Unit.UG), ("IU", Unit.IU),
     ("iu", Unit.IU), ("cc", Unit.ML), ("UI", Unit.IU), ("g", Unit.G), ("µl", Unit.UL)],
)  # fmt: skip
def test_units_are_read_as_people_write_them(word: str, unit: Unit) -> None:
    assert parse_unit(word) is unit


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="not a unit"):
        parse_unit("drops")


@pytest.mark.parametrize("amount", [0.1, 1, "1", None])
def test_only_decimals_are_doses(amount: Any) -> None:
    with pytest.raises(TypeError):
        Dose(amount, Unit.MG)


@pytest.mark.parametrize("amount", ["-0.1", "NaN", "Infinity"])
def test_senseless_amounts_are_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        Dose(Decimal(amount), Unit.MG)


@given(AMOUNTS, MASS, MASS)
def test_conversion_there_and_back_is_exact(amount: Decimal, unit: Unit, other: Unit) -> None:
    dose = Dose(amount, unit)
    assert dose.to(other).to(unit).amount == amount
    assert dose.to(other).base == dose.base


@given(st.lists(AMOUNTS, max_size=8), st.randoms())
def test_sums_are_exact_in_any_order(amounts: list[Decimal], random: Any) -> None:
    doses = [Dose(amount, Unit.MG) for amount in amounts]
    shuffled = doses[:]
    random.shuffle(shuffled)
    in_micrograms = total([dose.to(Unit.UG) for dose in shuffled], Unit.MG)
    assert in_micrograms == total(doses, Unit.MG)
    assert total(doses, Unit.MG).amount == sum(amounts, Decimal(0))


def test_tenths_add_up() -> None:
    tenth = Dose(Decimal("0.1"), Unit.MG)
    assert not total([tenth] * 3, Unit.MG).exceeds(Dose(Decimal("0.3"), Unit.MG))
    assert total([tenth] * 3, Unit.MG).exceeds(Dose(Decimal("0.299999"), Unit.MG))


@pytest.mark.parametrize(("unit", "other"), [(Unit.MG, Unit.ML), (Unit.IU, Unit.MG)])
def test_dimensions_never_mix(unit: Unit, other: Unit) -> None:
    dose = Dose(Decimal(1), unit)
    with pytest.raises(UnitMismatch):
        dose.to(other)
    with pytest.raises(UnitMismatch):
        total([dose], other)
    with pytest.raises(UnitMismatch):
        dose.exceeds(Dose(Decimal(1), other))


def test_doses_read_well() -> None:
    assert str(Dose(Decimal("12.500"), Unit.MG)) == "12.5 mg"
    assert str(Dose(Decimal("1000"), Unit.UG)) == "1000 µg"
    assert str(Dose(Decimal("0.000"), Unit.IU)) == "0 IU"
    assert Dose(Decimal(1), Unit.G).dimension is Dimension.MASS
    assert Dose(Decimal(3), Unit.MG).times(Decimal("61.5")).amount == Decimal("184.5")
