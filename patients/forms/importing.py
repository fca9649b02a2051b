"""The form in which a person says what the columns of a table are."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.base import DomainForm
from patients.models import ImportRun

TARGET_WORDS = {
    "name": _("Whole name"),
    "given_name": _("First name"),
    "family_name": _("Last name"),
    "preferred_name": _("How to address them"),
    "birth_date": _("Date of birth"),
    "sex": _("Sex"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "address": _("Address (several columns may be it)"),
    "country": _("Country"),
    "language": _("Language"),
    "number": _("Number in the old system"),
    "emergency_contact": _("Emergency contact"),
    "guardian": _("Guardian"),
    "guardian_contact": _("How to reach the guardian"),
    "alert": _("Alert"),
    "notes": _("Notes (several columns may be it)"),
    "phototype": _("Skin phototype"),
    "allergies": _("Allergies, parted by commas"),
    "medicines": _("Medicines, parted by semicolons"),
    "conditions": _("Conditions, parted by semicolons"),
}
_DATES = [
    ("dmy", _("Day first: 31/12/1980")),
    ("mdy", _("Month first: 12/31/1980")),
    ("ymd", _("Year first: 1980-12-31")),
]
_TWICE = [
    ("skip", _("Leave them out")),
    ("import", _("Register them as patients of their own")),
]


class MappingForm(DomainForm):
    """One choice for each column; how dates are written; what to do with those who seem to be here."""

    dates = forms.ChoiceField(label=_("Dates are written"), choices=_DATES)
    twice = forms.ChoiceField(
        label=_("Lines that look like somebody who is here already"), choices=_TWICE
    )

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        kwargs["initial"] = dict(run.options)
        super().__init__(*args, **kwargs)
        self.run = run
        choices = [("", _("Not imported")), *TARGET_WORDS.items()]
        for number, heading in enumerate(run.columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=heading, choices=choices, required=False,
                initial=run.mapping.get(str(number), ""),
                widget=forms.Select(attrs={"class": "form-select"}),
            )  # fmt: skip

    def to_data(self) -> dict[str, Any]:
        """For the service."""
        columns = {
            number: self.cleaned_data[f"column_{number}"]
            for number in range(len(self.run.columns))
            if self.cleaned_data[f"column_{number}"]
        }
        return {
            "columns": columns,
            "dates": self.cleaned_data["dates"],
            "twice": self.cleaned_data["twice"],
        }
