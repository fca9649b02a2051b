"""What patients say who book online, and what a manager says about it."""

from __future__ import annotations

from datetime import date as Day
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduling.forms import DATE_INPUT, RefusableForm
from scheduling.models.online import validate_origin
from scheduling.services import Person


class OnlineForm(RefusableForm):
    """Who books online: what the clinic needs to know somebody again, nothing about their health."""

    name = forms.CharField(
        label=_("Your name"), max_length=200,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "name"}),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail"), max_length=254,
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "email"}),
        help_text=_("We send a code to this address."),
    )  # fmt: skip
    phone = forms.CharField(
        label=_("Phone"), max_length=40,
        widget=forms.TextInput(
            attrs={"class": "form-control", "autocomplete": "tel", "type": "tel"}
        ),
    )  # fmt: skip
    birth_date = forms.DateField(label=_("Date of birth"), widget=DATE_INPUT)
    note = forms.CharField(
        label=_("What should we know? (optional)"), max_length=300, required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )  # fmt: skip

    def __init__(self, *args: Any, today: Day, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)

    def clean_birth_date(self) -> Day:
        """A day in somebody's life."""
        day: Day = self.cleaned_data["birth_date"]
        if not self.today.replace(year=self.today.year - 120, day=1) < day <= self.today:
            raise forms.ValidationError(_("Check the date."))
        return day

    def person(self, language: str) -> Person:
        """The same for the service."""
        return Person(**self.cleaned_data, language=language)


class OnlineRulesForm(RefusableForm):
    """What a manager says about online booking; websites one a line."""

    is_open = forms.BooleanField(
        label=_("Patients can book online"), required=False,
        help_text=_("Visit types that are marked for it, with whoever gives them."),
    )  # fmt: skip
    origins = forms.CharField(
        label=_("Websites that may show the booking page"), required=False,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
        help_text=_("One a line, for example https://www.example.org"),
    )  # fmt: skip
    hold_minutes = forms.IntegerField(
        label=_("A chosen time is held for (min)"), min_value=5, max_value=60
    )
    change_limit_hours = forms.IntegerField(
        label=_("Move and cancel until (hours before)"), min_value=0, max_value=336
    )
    welcome = forms.CharField(
        label=_("Words above the times"), required=False, max_length=600,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
    )  # fmt: skip

    def clean_origins(self) -> list[str]:
        """Each an origin, without repetitions."""
        found = dict.fromkeys(self.cleaned_data["origins"].lower().split())
        for one in found:
            validate_origin(one)
        return list(found)
