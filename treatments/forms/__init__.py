"""Shapes of what is typed on the treatments pages. Nothing is written here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.models import Clinic
from treatments.domain.injections import MapDraft, read_map
from treatments.forms.dates import DateInput
from treatments.forms.terms import OfferedForm
from treatments.models import (
    Indication,
    Ingredient,
    Product,
    Protocol,
    SessionRecord,
    TargetArea,
    Technique,
)
from treatments.selectors import catalogue
from treatments.selectors.checks import Line
from treatments.selectors.drafts import DraftRow, plain

if TYPE_CHECKING:
    _RecordForm = forms.ModelForm[SessionRecord]
else:
    _RecordForm = forms.ModelForm


class PlanForm(OfferedForm):
    """Everything of a plan but its cocktail, with choices of one clinic."""

    goals = forms.CharField(
        label=_("What the patient wishes, in their own words"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    indication = forms.ModelChoiceField(Indication.objects.none(), label=_("Indication"))
    protocol = forms.ModelChoiceField(Protocol.objects.none(), label=_("Protocol"))
    practitioner = forms.ChoiceField(label=_("Practitioner"))
    start_on = forms.DateField(label=_("Not before"), widget=DateInput())
    areas = forms.ModelMultipleChoiceField(TargetArea.objects.none(), label=_("Areas"))
    techniques = forms.ModelMultipleChoiceField(Technique.objects.none(), label=_("Techniques"))

    def __init__(self, clinic: Clinic, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = list(catalogue.practitioners(clinic))
        _choices(self.fields["indication"], catalogue.indications(clinic))
        _choices(self.fields["protocol"], catalogue.protocols(clinic))
        _choices(self.fields["areas"], catalogue.areas(clinic))
        _choices(self.fields["techniques"], catalogue.techniques(clinic))
        people = self.fields["practitioner"]
        if isinstance(people, forms.ChoiceField):
            people.choices = [(str(row.staff_id), row.display_name) for row in self.people]


def _choices(field: forms.Field, rows: Any) -> None:
    if isinstance(field, forms.ModelChoiceField):
        field.queryset = rows


@dataclass(frozen=True)
class CocktailRow:
    """An ingredient of the cocktail form with its dose as typed, and what is wrong with it."""

    ingredient: Ingredient
    dose: str
    error: str = ""

    @property
    def amount(self) -> Decimal | None:
        """The dose as an exact number, None while it can't be read."""
        return DraftRow(dose=self.dose).amount

    @property
    def name(self) -> str:
        """The name of the dose field on the page."""
        return f"dose-{self.ingredient.pk}"

    @property
    def share(self) -> int:
        """The dose in percent of its ceiling per session, 100 at most."""
        if self.amount is None:
            return 0
        return min(100, int(100 * self.amount / self.ingredient.max_dose_session))


class CocktailRows:
    """The rows of a cocktail form: `ingredient` (several) and `dose-<id>` for each."""

    def __init__(self, rows: list[CocktailRow]) -> None:
        self.rows = rows

    @classmethod
    def read(cls, clinic: Clinic, data: QueryDict) -> CocktailRows:
        """Rows as posted; `add` adds one at its usual dose, `remove` takes one away.

        `swap` ("old:new") puts one in the place of another; `recipe` adds all of a clinic's recipe.
        """
        recipe: dict[str, Decimal] = {}
        for pk in data.getlist("recipe"):
            recipe |= catalogue.recipe_doses(clinic, pk)
        swaps = dict(one.split(":", 1) for one in data.getlist("swap") if ":" in one)
        ids = [swaps.get(pk, pk) for pk in [*data.getlist("ingredient"), *data.getlist("add")]]
        ids = list(dict.fromkeys([*ids, *recipe]))
        wanted = [pk for pk in ids if pk and pk not in data.getlist("remove")]
        known = {str(one.pk): one for one in _ingredients(clinic, wanted)}
        rows = []
        for pk in wanted:
            if pk in known:
                usual = recipe.get(pk, known[pk].usual_dose)
                typed = data.get(f"dose-{pk}")
                rows.append(_row(known[pk], plain(usual) if typed is None else typed))
        return cls(rows)

    @classmethod
    def of(cls, doses: Mapping[UUID, Decimal], clinic: Clinic) -> CocktailRows:
        """Rows of a stored cocktail."""
        known = _ingredients(clinic, [str(pk) for pk in doses])
        return cls([_row(one, plain(doses[one.pk])) for one in known])

    @property
    def ids(self) -> frozenset[UUID]:
        """The ingredients that are in."""
        return frozenset(row.ingredient.pk for row in self.rows)

    @property
    def is_valid(self) -> bool:
        """At least one row, and every dose can be read."""
        return bool(self.rows) and all(row.amount is not None for row in self.rows)

    def asked(self) -> tuple[Line, ...]:
        """All rows for the safety check: one whose dose can't be read counts, with a dose of 0.

        What speaks against an ingredient must not go while somebody types its dose.
        """
        return tuple(Line(row.ingredient.pk, row.amount or Decimal(0)) for row in self.rows)

    def lines(self) -> tuple[Line, ...]:
        """The rows whose dose can be read."""
        return tuple(
            Line(row.ingredient.pk, row.amount) for row in self.rows if row.amount is not None
        )


def _row(ingredient: Ingredient, dose: str) -> CocktailRow:
    row = CocktailRow(ingredient, dose)
    if row.amount is not None:
        return row
    message = _("Enter a number above zero, with three decimals at most.")
    return CocktailRow(ingredient, dose, str(message))


def _ingredients(clinic: Clinic, ids: list[str]) -> list[Ingredient]:
    uuids = [pk for pk in (DraftRow(ingredient=one).ref("ingredient") for one in ids) if pk]
    place = {pk: index for index, pk in enumerate(uuids)}
    rows = catalogue.ingredients(clinic).filter(pk__in=uuids)
    return sorted(rows, key=lambda one: place[one.pk])


def is_only_looking(data: QueryDict) -> bool:
    """Whether the builder was sent to be checked or changed, not to be stored."""
    return any(data.get(name) for name in ("intent", "add", "remove", "swap", "recipe")) or any(
        [*data.getlist("add"), *data.getlist("remove")]
    )


class ChangeForm(forms.Form):
    """Why a cocktail changes, and the number of the version that was shown."""

    since = forms.IntegerField(required=False, widget=forms.HiddenInput())
    change_note = forms.CharField(
        label=_("What changes, and why"), max_length=300, widget=forms.TextInput()
    )


class ReasonForm(forms.Form):
    """A reason in a sentence."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class ConsentForm(forms.Form):
    """The signature: a typed name, and a tick under the text that was shown."""

    signer_name = forms.CharField(label=_("Full name of the patient or guardian"), max_length=200)
    agrees = forms.BooleanField(
        label=_("I have read the text above and agree."),
        error_messages={"required": _("Tick this to agree.")},
    )
    text_sha256 = forms.CharField(widget=forms.HiddenInput())
    signature = forms.CharField(required=False, max_length=20000, widget=forms.HiddenInput())


class SessionForm(_RecordForm):
    """The free parts of a session record; the doses are read by `read_rows`."""

    class Meta:
        model = SessionRecord
        fields = ["reaction", "pain_score", "notes", "device", "device_settings", "duration_min"]
        widgets = {
            "duration_min": forms.NumberInput(attrs={"min": 1, "inputmode": "numeric"}),
            "reaction": forms.Textarea(attrs={"rows": 2}),
            "device": forms.TextInput(attrs={"list": "session-devices", "autocomplete": "off"}),
            "notes": forms.Textarea(attrs={"rows": 3}),
            "pain_score": forms.NumberInput(attrs={"min": 0, "max": 10, "inputmode": "numeric"}),
        }

    def clean_pain_score(self) -> int | None:
        """0 to 10."""
        score: int | None = self.cleaned_data["pain_score"]
        if score is not None and score > 10:
            raise forms.ValidationError(_("Pain is a number from 0 to 10."))
        return score

    def clean_duration_min(self) -> int | None:
        """1 minute to a day."""
        minutes: int | None = self.cleaned_data["duration_min"]
        if minutes is not None and not 1 <= minutes <= 1440:
            raise forms.ValidationError(_("Enter the minutes, 1 to 1440."))
        return minutes


def read_drawing(data: QueryDict) -> MapDraft | None:
    """The map as the browser sends it in `map`; None where it sends none or nothing readable."""
    try:
        drawing = json.loads(data.get("map", ""))
    except ValueError:
        return None
    if not isinstance(drawing, dict):
        return None
    volumes = [
        {"number": name.removeprefix("syringe-volume-"), "volume": value}
        for name, value in data.items()
        if name.startswith("syringe-volume-")
    ]
    return read_map({**drawing, "syringes": volumes or drawing.get("syringes")})


_COLUMNS = ("ingredient", "dose", "lot", "area", "technique", "syringe")


def read_rows(data: QueryDict) -> tuple[DraftRow, ...]:
    """The rows of the session form: parallel lists, one value of each column per row.

    `row-remove` takes the row with that index away; `row-add` adds one of that ingredient.
    """
    columns = [data.getlist(f"row-{name}") for name in _COLUMNS]
    length = max((len(column) for column in columns), default=0)
    padded = [[*column, *([""] * (length - len(column)))] for column in columns]
    gone = set(data.getlist("row-remove"))
    rows = [
        DraftRow(*values)
        for index, values in enumerate(zip(*padded, strict=True))
        if str(index) not in gone
    ]
    return (*rows, *(DraftRow(ingredient) for ingredient in data.getlist("row-add") if ingredient))


def read_given_before(data: QueryDict) -> frozenset[UUID]:
    """The lots ticked as given before they were withdrawn; what is no id is left out."""
    ids = (DraftRow(lot=one).ref("lot") for one in data.getlist("given_before"))
    return frozenset(pk for pk in ids if pk is not None)


class AddendumForm(forms.Form):
    """What is added to a signed record."""

    text = forms.CharField(label=_("Addendum"), widget=forms.Textarea(attrs={"rows": 3}))


class OverrideForm(forms.Form):
    """Reasons of the gate that a practitioner sets aside, and why."""

    codes = forms.MultipleChoiceField(label=_("Set aside"))
    reason = forms.CharField(
        label=_("Why it can be done"), widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, reasons: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["codes"]
        field.widget = forms.CheckboxSelectMultiple()
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = list(reasons.items())


_AMOUNT = {
    "invalid": _("Enter a number, with three decimals at most."),
    "min_value": _("Enter a number above zero, with three decimals at most."),
    "max_decimal_places": _("Enter a number, with three decimals at most."),
}


class LotForm(forms.Form):
    """A delivery."""

    product = forms.ModelChoiceField(Product.objects.none(), label=_("Product"))
    number = forms.CharField(label=_("Lot number"), max_length=60)
    expires_on = forms.DateField(label=_("Expires on"), widget=DateInput())
    quantity = forms.DecimalField(
        label=_("How much came"),
        min_value=Decimal("0.001"),
        max_digits=10,
        decimal_places=3,
        error_messages=_AMOUNT,
        help_text=_("In the ingredient's unit of dose: number of vials times their content."),
    )
    supplier = forms.CharField(label=_("Supplier"), max_length=150, required=False)

    def __init__(self, clinic: Clinic, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self.fields["product"], catalogue.products(clinic))


class CountForm(forms.Form):
    """What was really counted."""

    quantity = forms.DecimalField(
        label=_("Counted"), min_value=0, max_digits=10, decimal_places=3,
        error_messages={**_AMOUNT, "min_value": _("Enter zero or more.")},
    )  # fmt: skip
    reason = forms.CharField(label=_("Why it differs"), max_length=200)
