"""The filters over the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from aftercare.models import Channel, Message
from aftercare.selectors import LedgerFilter, Show
from mesoclinic.clinic.templatetags.mesoclinic import status_words
from patients.forms.base import DateInput


def _states() -> list[tuple[str, object]]:
    """The states by the words that the list shows."""
    words = [(one, status_words(one, "message")) for one in Message.State.values]
    return [("", _("All states")), *words]


class LedgerForm(forms.Form):
    """The filters over the ledger."""

    show = forms.ChoiceField(
        required=False, choices=[(one.value, one.value) for one in Show], widget=forms.HiddenInput
    )
    name = forms.CharField(label=_("Patient"), max_length=100, required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=_states)
    channel = forms.ChoiceField(
        label=_("Sent by"), required=False, choices=[("", _("Every way")), *Channel.choices]
    )
    step = forms.SlugField(required=False, widget=forms.HiddenInput)
    since = forms.DateField(label=_("From"), required=False, widget=DateInput())
    until = forms.DateField(label=_("Until"), required=False, widget=DateInput())
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
        self.is_valid()
        data: dict[str, Any] = self.cleaned_data
        return LedgerFilter(
            show=Show(data.get("show") or Show.PAST),
            state=data.get("state", ""),
            channel=data.get("channel", ""),
            step=data.get("step", ""),
            since=data.get("since"),
            until=data.get("until"),
            patient_id=data.get("patient"),
            name=data.get("name", ""),
            before=data.get("before"),
        )
