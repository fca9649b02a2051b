"""Amounts of an ingredient in exact decimals, with their units. Floats are refused everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext
from enum import StrEnum


class Unit(StrEnum):
    """Units that ingredients are measured in. `µg` is written `ug`."""

    UG = "ug"
    MG = "mg"
    G = "g"
    UL = "ul"
    ML = "ml"
    IU = "IU"


class Dimension(StrEnum):
    """Units of one dimension convert into each other; those of two never do."""

    MASS = "mass"
    VOLUME = "volume"
    ACTIVITY = "activity"


# Each unit in the base unit of its dimension (mg, ml, IU); powers of ten stay exact.
_FACTORS = {
    Unit.UG: (Dimension.MASS, Decimal("0.001")),
    Unit.MG: (Dimension.MASS, Decimal(1)),
    Unit.G: (Dimension.MASS, Decimal(1000)),
    Unit.UL: (Dimension.VOLUME, Decimal("0.001")),
    Unit.ML: (Dimension.VOLUME, Decimal(1)),
    Unit.IU: (Dimension.ACTIVITY, Decimal(1)),
}

_ALIASES = {
    "µg": Unit.UG,
    "μg": Unit.UG,
    "mcg": Unit.UG,
    "µl": Unit.UL,
    "μl": Unit.UL,
    "cc": Unit.ML,
    "iu": Unit.IU,
    "ie": Unit.IU,
    "ui": Unit.IU,
}

# Sums must be exact: an inexact one raises instead of being rounded.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])


class UnitMismatch(ValueError):
    """Two amounts whose units can't be converted into each other."""


def parse_unit(text: str) -> Unit:
    """Return the unit that a person or a file means (`mg`, `µg`, `IU`, `cc`); ValueError if none."""
    word = text.strip().casefold()
    if word in _ALIASES:
        return _ALIASES[word]
    try:
        return Unit(word)
    except ValueError:
        raise ValueError(f"“{text}” is not a unit; use ug, mg, g, ul, ml or IU.") from None


@dataclass(frozen=True)
class Dose:
    """An amount above or equal to zero. Raises ValueError for floats, NaN and negative amounts."""

    amount: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse amounts that would not be exact or make no sense."""
        if not isinstance(self.amount, Decimal):
            raise TypeError("A dose is a Decimal, never a float.")
        if not self.amount.is_finite() or self.amount < 0:
            raise ValueError("A dose is a finite number, zero or above.")

    @property
    def dimension(self) -> Dimension:
        """Mass, volume or activity."""
        return _FACTORS[self.unit][0]

    @property
    def base(self) -> Decimal:
        """The amount in mg, ml or IU."""
        with localcontext(_EXACT):
            return self.amount * _FACTORS[self.unit][1]

    def to(self, unit: Unit) -> Dose:
        """Convert exactly. Raises UnitMismatch between mass, volume and activity."""
        dimension, factor = _FACTORS[unit]
        if dimension is not self.dimension:
            raise UnitMismatch(f"{self} can't be expressed in {unit.value}.")
        with localcontext(_EXACT):
            return Dose(self.base / factor, unit)

    def exceeds(self, ceiling: Dose) -> bool:
        """Whether it lies above the ceiling. Raises UnitMismatch."""
        return self.to(ceiling.unit).base > ceiling.base

    def times(self, factor: Decimal) -> Dose:
        """The dose multiplied exactly, for instance per kilogram times weight."""
        with localcontext(_EXACT):
            return Dose(self.amount * factor, self.unit)

    def __str__(self) -> str:
        """Short form for messages: `12.5 mg`, `150 IU`."""
        number = format(self.amount.normalize(), "f") if self.amount else "0"
        return f"{number} {'µg' if self.unit is Unit.UG else self.unit.value}"


def total(doses: Iterable[Dose], unit: Unit) -> Dose:
    """Return the exact sum in `unit`. Raises UnitMismatch when one can't be converted."""
    with localcontext(_EXACT):
        return Dose(sum((dose.to(unit).amount for dose in doses), Decimal(0)), unit)
