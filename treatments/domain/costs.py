"""What a plan costs, as told before the signature. Exact decimals; the clinic's own prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_CENT = Decimal("0.01")
MOST_LINES = 20
MOST_PRICE = Decimal(1_000_000)


@dataclass(frozen=True)
class CostLine:
    """One position: how many of what, and the price of one (zero or more, two decimals).

    Raises ValueError for what can't be told to a patient.
    """

    label: str
    quantity: int
    unit_price: Decimal

    def __post_init__(self) -> None:
        if not self.label.strip() or self.quantity < 1:
            raise ValueError("a cost line needs a label and a quantity of one or more")
        price = self.unit_price
        if not price.is_finite() or not 0 <= price <= MOST_PRICE or price != price.quantize(_CENT):
            raise ValueError("a price is zero or more, with two decimals at most")

    @property
    def amount(self) -> Decimal:
        """Quantity times price."""
        return (self.unit_price * self.quantity).quantize(_CENT)

    def as_json(self) -> dict[str, str | int]:
        """For a JSON column: the price as a string, so that it stays exact."""
        price = str(self.unit_price.quantize(_CENT))
        return {"label": self.label.strip(), "quantity": self.quantity, "unit_price": price}


def read_costs(rows: Iterable[Mapping[str, Any]]) -> tuple[CostLine, ...]:
    """The lines of a JSON column."""
    return tuple(
        CostLine(row["label"], int(row["quantity"]), Decimal(row["unit_price"])) for row in rows
    )


def total_cost(lines: Iterable[CostLine]) -> Decimal:
    """What they come to."""
    return sum((line.amount for line in lines), Decimal("0.00"))
