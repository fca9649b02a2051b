"""Shapes of what people type in the aftercare room."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from aftercare.models import Message
from aftercare.selectors import LedgerFilter


class LedgerForm(forms.Form):
    """The filters over the ledger."""

    name = forms.CharField(label=_("Patient"), max_length=100, required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *Message.State.choices]
    )
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    before = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_before(self) -> tuple[dt.datetime, UUID] | None:
        """`<due time>_<id>` of the last row of the page before; nonsense starts from the top."""
        moment, _sep, pk = self.cleaned_data["before"].partition("_")
        try:
            at = dt.datetime.fromisoformat(moment)
            return (at, UUID(pk)) if at.tzinfo else None
        except ValueError:
            return None

    def wanted(self) -> LedgerFilter:
        """What to look for; a value that is not valid is left out."""
        data: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        return LedgerFilter(
            state=data.get("state", ""),
            patient_id=data.get("patient"),
            name=data.get("name", ""),
            before=data.get("before"),
        )


class FinishTaskForm(forms.Form):
    """What came of a task."""

    outcome = forms.CharField(
        label=_("What came of it?"), max_length=300, required=True,
        widget=forms.TextInput(attrs={"placeholder": _("For example: called, will come at 3")}),
    )  # fmt: skip
