"""Who waits for what, and what the desk offers or pushes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.intervals import Interval
from scheduling.forms import DATE_INPUT, TIME_INPUT, WEEKDAYS, RefusableForm
from scheduling.models import Appointment
from scheduling.services import WaitlistWish


class WaitlistForm(RefusableForm):
    """What somebody on the waiting list waits for, and which times suit."""

    visit_type = forms.UUIDField(error_messages={"required": _("Choose the kind of visit.")})
    practitioner = forms.UUIDField(required=False)
    planned_session = forms.UUIDField(required=False)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days of the week"), choices=WEEKDAYS, coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None ticked: any day."),
    )  # fmt: skip
    starts_from = forms.TimeField(label=_("Not before"), required=False, widget=TIME_INPUT)
    starts_until = forms.TimeField(label=_("Not after"), required=False, widget=TIME_INPUT)
    first_day = forms.DateField(label=_("From"), required=False, widget=DATE_INPUT)
    last_day = forms.DateField(label=_("Until"), required=False, widget=DATE_INPUT)
    note = forms.CharField(
        label=_("Note for the desk"), required=False, max_length=300,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )  # fmt: skip

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic

    def clean(self) -> dict[str, Any]:
        """Ends come after beginnings."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("This is before the first day."))
        opens, closes = data.get("starts_from"), data.get("starts_until")
        if opens and closes and closes <= opens:
            self.add_error("starts_until", _("This is before the earliest time."))
        return data

    def to_wish(self, patient_id: UUID | None, visit: Appointment | None) -> WaitlistWish:
        """As the service takes it."""
        data = dict(self.cleaned_data)
        return WaitlistWish(
            patient_id=patient_id or NOBODY,
            visit_type_id=data.pop("visit_type"),
            practitioner_id=data.pop("practitioner"),
            planned_session_id=data.pop("planned_session"),
            appointment_id=visit.pk if visit else None,
            weekdays=frozenset(data.pop("weekdays")),
            **data,
        )


NOBODY = UUID(int=0)


class OfferForm(forms.Form):
    """A free stretch of somebody's day: practitioner, and from when until when."""

    practitioner = forms.UUIDField()
    start = forms.CharField(max_length=40)
    end = forms.CharField(max_length=40)

    def clean(self) -> dict[str, Any]:
        """Two instants in order."""
        data: dict[str, Any] = super().clean() or {}
        try:
            self.gap = Interval(
                datetime.fromisoformat(data["start"]), datetime.fromisoformat(data["end"])
            )
        except (KeyError, ValueError):
            raise forms.ValidationError(_("Choose the time again.")) from None
        return data


class PushForm(RefusableForm):
    """By how many minutes a visit is late or runs over."""

    minutes = forms.IntegerField(min_value=5, max_value=180, required=False)

    @property
    def chosen(self) -> int:
        """What was typed, where it can be used; else ten minutes."""
        readable = self.is_bound and "minutes" not in self.errors
        return (self.cleaned_data["minutes"] if readable else None) or _TEN


_TEN = 10
