"""Shapes around a plan: what it costs, what was bought, and another gap for a session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from treatments.domain.costs import CostLine
from treatments.domain.protocol import Gap, GapUnit
from treatments.models import ProtocolPhase


@dataclass(frozen=True)
class CostRow:
    """A cost line as typed, and what is wrong with it."""

    label: str = ""
    quantity: str = ""
    price: str = ""
    error: str = ""


class CostRows:
    """The cost lines of a form: `cost-label`, `cost-quantity` and `cost-price` in parallel."""

    def __init__(self, rows: list[CostRow], lines: tuple[CostLine, ...]) -> None:
        self.rows, self.lines = rows, lines

    @classmethod
    def read(cls, data: QueryDict) -> CostRows:
        """Rows as posted; a row without label and price is left out."""
        names = ("cost-label", "cost-quantity", "cost-price")
        columns = [data.getlist(name) for name in names]
        rows, lines = [], []
        for label, quantity, price in zip_longest(*columns, fillvalue=""):
            if label.strip() or price.strip():
                row, line = _cost(label.strip()[:120], quantity.strip(), price.strip())
                rows.append(row)
                lines += [] if line is None else [line]
        return cls(rows, tuple(lines))

    @classmethod
    def of(cls, lines: Iterable[CostLine]) -> CostRows:
        """Rows of stored lines."""
        kept = tuple(lines)
        rows = [CostRow(one.label, str(one.quantity), str(one.unit_price)) for one in kept]
        return cls(rows, kept)

    @property
    def is_valid(self) -> bool:
        """Whether every row can be read."""
        return not any(row.error for row in self.rows)

    @property
    def shown(self) -> list[CostRow]:
        """The rows with two empty ones to go on typing in."""
        return [*self.rows, CostRow(), CostRow()]


def _cost(label: str, quantity: str, price: str) -> tuple[CostRow, CostLine | None]:
    try:
        count = int(quantity or "1")
        line = CostLine(label, count, Decimal(price.replace(",", ".").replace(" ", "")))
    except (ValueError, ArithmeticError):
        message = _("Enter what it is, how many, and a price with two decimals at most.")
        return CostRow(label, quantity, price, str(message)), None
    return CostRow(label, str(count), price), line


class TermsForm(forms.Form):
    """Costs and sessions bought; the cost lines are read by `CostRows`."""

    sessions_bought = forms.IntegerField(
        label=_("Sessions bought"), required=False, min_value=0, max_value=200,
        error_messages=dict.fromkeys(
            ("min_value", "max_value", "invalid"), _("Enter a whole number from 0 to 200.")
        ),
        help_text=_("Empty where each session is paid on the day."),
    )  # fmt: skip
    currency = forms.RegexField(
        "^[A-Za-z]{3}$", label=_("Currency"), required=False, max_length=3,
        error_messages={"invalid": _("Three letters, for example EUR.")},
    )  # fmt: skip

    def clean_currency(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["currency"]).upper()


class OfferedForm(forms.Form):
    """What else was talked about (docs/clinical-defaults.md)."""

    offered = forms.CharField(
        label=_("What else was offered and declined"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example chemical peel or microdermabrasion."),
    )


def _gap_field(label: Any) -> forms.IntegerField:
    words = _("Enter a whole number from 1 to 730.")
    return forms.IntegerField(
        label=label, min_value=1, max_value=730,
        error_messages=dict.fromkeys(("min_value", "max_value", "invalid"), words),
    )  # fmt: skip


class GapForm(forms.Form):
    """The gap of a session to the one before it, and why it changes."""

    gap_min = _gap_field(_("At least"))
    gap_ideal = _gap_field(_("Ideally"))
    gap_max = _gap_field(_("At most"))
    gap_unit = forms.ChoiceField(label=_("Unit"), choices=ProtocolPhase.Unit.choices)
    reason = forms.CharField(label=_("Why"), max_length=300)

    def clean(self) -> dict[str, Any]:
        """The three in order, as a `gap`."""
        data: dict[str, Any] = super().clean() or {}
        numbers = [data.get(name) for name in ("gap_min", "gap_ideal", "gap_max")]
        if all(one is not None for one in numbers) and "gap_unit" in data:
            try:
                low, ideal, high = (int(str(one)) for one in numbers)
                data["gap"] = Gap(low, ideal, high, GapUnit(data["gap_unit"]))
            except ValueError:
                self.add_error("gap_max", _("At least, ideally and at most go up in this order."))
        return data
