"""Hours, leave and what is accepted of an absence's proposal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.selectors import staff_of
from scheduling.domain.weekly import EndsFirst, Overlap, parse_day
from scheduling.models import Device, Room
from scheduling.services import Accepted, AwayRequest, Target, Week

_TEXT = {"class": "form-control", "placeholder": "09:00-12:30, 14:00-18:00"}


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")


def _time() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M")


class HoursField(forms.CharField):
    """The blocks of one day as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, max_length=100, widget=forms.TextInput(attrs=dict(_TEXT)), **kwargs
        )

    def to_python(self, value: Any) -> Any:
        """Blocks, or a message at the field."""
        try:
            return parse_day(super().to_python(value) or "")
        except EndsFirst:
            raise forms.ValidationError(_("Each block has to end after it begins.")) from None
        except Overlap:
            raise forms.ValidationError(_("These blocks overlap.")) from None
        except ValueError:
            raise forms.ValidationError(_("Write times like 09:00-12:30, 14:00-18:00.")) from None

    def prepare_value(self, value: Any) -> Any:
        """What was typed stays as it was."""
        return value


class WeekForm(forms.Form):
    """Seven lines of hours, from a day on."""

    valid_from = forms.DateField(label=_("From"), widget=_date())

    def __init__(self, *args: Any, days: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in range(7):
            self.fields[f"day_{day}"] = HoursField(label=WEEKDAYS[day], initial=days[day])

    @property
    def lines(self) -> list[forms.BoundField]:
        """Monday to Sunday."""
        return [self[f"day_{day}"] for day in range(7)]

    def to_week(self) -> Week:
        """As the services take it."""
        data = self.cleaned_data
        return Week(
            valid_from=data["valid_from"], days={day: data[f"day_{day}"] for day in range(7)}
        )


class DayHoursForm(forms.Form):
    """Other hours on one day; empty: none."""

    day = forms.DateField(label=_("Day"), widget=_date())
    hours = HoursField(label=_("Hours on that day"))


_REASONS = [
    (_("Leave"), _("Leave")), (_("Ill"), _("Ill")), (_("Training"), _("Training")),
    (_("Maintenance"), _("Maintenance")), (_("Closed"), _("Closed")),
]  # fmt: skip


class AwayForm(forms.Form):
    """Who or what is away, and when."""

    whose = forms.ChoiceField(
        label=_("Who"), widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": _("Choose who is away.")},
    )  # fmt: skip
    first_day = forms.DateField(label=_("First day"), widget=_date())
    last_day = forms.DateField(label=_("Last day"), widget=_date(), required=False)
    starts = forms.TimeField(label=_("From (on one day)"), widget=_time(), required=False)
    ends = forms.TimeField(label=_("Until"), widget=_time(), required=False)
    label = forms.ChoiceField(
        label=_("Why"), choices=_REASONS, widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(f"person|{one.staff_id}", one.display_name) for one in staff_of(clinic)]
        rooms = [(f"room|{one.pk}", one.name) for one in Room.objects.for_clinic(clinic)]
        devices = [(f"device|{one.pk}", one.name) for one in Device.objects.for_clinic(clinic)]
        self.fields["whose"].choices = [  # type: ignore[attr-defined]
            ("", "..."), (_("People"), people), (_("Rooms and devices"), [*rooms, *devices]),
            ("clinic|", _("The whole clinic")),
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Ends come after beginnings; times only on a single day."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day") or data.get("first_day")
        if first and last and last < first:
            self.add_error("last_day", _("This is before the first day."))
        starts, ends = data.get("starts"), data.get("ends")
        if bool(starts) != bool(ends):
            self.add_error("ends", _("Write both times, or neither for whole days."))
        elif starts and ends and ends <= starts:
            self.add_error("ends", _("This is before the first time."))
        elif starts and first != last:
            self.add_error("starts", _("Times go with a single day."))
        data["last_day"] = last
        return data

    def to_away(self) -> AwayRequest:
        """As the service takes it."""
        data = self.cleaned_data
        kind, _sep, pk = data["whose"].partition("|")
        ids = {"person": "practitioner_id", "room": "room_id", "device": "device_id"}
        whose: dict[str, Any] = {ids[kind]: UUID(pk)} if kind in ids else {}
        return AwayRequest(
            first_day=data["first_day"], last_day=data["last_day"], starts=data["starts"],
            ends=data["ends"], label=str(data["label"]), **whose,
        )  # fmt: skip


class AbsenceForm(forms.Form):
    """The ticked patients, each with their moves as `id|start|version|who`."""

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic

    def clean(self) -> dict[str, Any]:
        """Patients that are ticked, with what was proposed for them."""
        data: dict[str, Any] = super().clean() or {}
        sent: Any = self.data
        try:
            data["accepted"] = [
                Accepted(tuple(self._target(text) for text in sent.getlist(f"move-{pk}")))
                for pk in sent.getlist("accept")
                if sent.getlist(f"move-{pk}")
            ]
        except ValueError:
            raise forms.ValidationError(_("Look at the proposal again.")) from None
        if not data["accepted"]:
            raise forms.ValidationError(_("Tick at least one patient."))
        return data

    def _target(self, text: str) -> Target:
        pk, start, version, who = text.split("|")
        return Target(UUID(pk), datetime.fromisoformat(start), int(version), UUID(who))
