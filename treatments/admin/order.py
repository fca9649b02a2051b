"""Numbers of the catalogue that go up together, refused in words at the field that breaks the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class Rising(NamedTuple):
    """Fields whose values go up (or stay) from the first to the last; empty ones are left out."""

    names: tuple[str, ...]
    words: Any
    above_zero: bool = True


class RisingForm(_ModelForm):
    """The database's rules about numbers, said at the field before the database says them."""

    rising: ClassVar[tuple[Rising, ...]] = ()

    def clean(self) -> dict[str, Any]:
        """One message for each rule that is broken."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for rule in self.rising:
            given = [(name, data[name]) for name in rule.names if data.get(name) is not None]
            bad = _out_of_order(given, above_zero=rule.above_zero)
            if bad:
                self.add_error(bad, rule.words)
        return data


def _out_of_order(given: list[tuple[str, Any]], *, above_zero: bool) -> str:
    least: Any = 0
    for place, (name, value) in enumerate(given):
        if value < least or (place == 0 and above_zero and value == 0):
            return name
        least = value
    return ""


class PhaseForm(RisingForm):
    """Sessions and gaps of a phase."""

    rising = (
        Rising(
            ("sessions_min", "sessions_planned", "sessions_max"),
            _("Fewest, planned and most sessions go up from 1 in this order."),
        ),
        Rising(
            ("gap_min", "gap_ideal", "gap_max"),
            _("Least, ideal and greatest gap go up from 1 in this order."),
        ),
    )


class RecipeItemForm(RisingForm):
    """A dose within the ingredient's ceiling."""

    rising = (Rising(("dose",), _("Enter a dose above zero.")),)


class ProductForm(RisingForm):
    """What is in a vial."""

    rising = (Rising(("content",), _("Enter a content above zero.")),)
