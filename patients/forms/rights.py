"""Forms about a person's rights over their data."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.forms.base import DomainForm
from patients.models import Patient


class RestrictForm(DomainForm):
    """Why the data may not be used."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=300,
        help_text=gettext_lazy("For example “says the record is wrong, being looked into”."),
    )  # fmt: skip


class EraseForm(DomainForm):
    """The record number, typed by hand: this can't be undone."""

    number = forms.CharField(
        label=gettext_lazy("Record number"), max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient

    def clean_number(self) -> str:
        """Must be this patient's."""
        typed = str(self.cleaned_data["number"]).strip()
        if typed.casefold() != self.patient.record_number.casefold():
            raise forms.ValidationError(_("This is not the number of this record."))
        return typed
