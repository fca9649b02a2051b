"""Shape and validation of what pages send; nothing is written here."""

from __future__ import annotations

from datetime import date as Day
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import to_utc
from mesoclinic.common.errors import DomainError
from scheduling.domain.status import Status
from scheduling.exceptions import OutsideHours, OutsideProtocolWindow, ScreeningBlocked
from scheduling.selectors.courses import Wishes
from scheduling.services import (
    Booking,
    CourseBooking,
    CourseVisit,
    Exceptions,
    Move,
    Target,
)

TIME_INPUT = forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M")
DATE_INPUT = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
WEEKDAYS = [
    (0, _("Mon")), (1, _("Tue")), (2, _("Wed")), (3, _("Thu")), (4, _("Fri")), (5, _("Sat")),
    (6, _("Sun")),
]  # fmt: skip


def read_start(text: str, clinic: Clinic) -> datetime:
    """An ISO time as an instant; without an offset it is the clinic's wall clock.

    Raises ValueError for anything else.
    """
    moment = datetime.fromisoformat(text.strip())
    return to_utc(moment, clinic.zone) if moment.tzinfo is None else moment


class StartField(forms.CharField):
    """An ISO time, read on the clinic's clock."""

    def __init__(self, *, clinic: Clinic, **kwargs: Any) -> None:
        self.clinic = clinic
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """The instant, or a message at the field."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            return read_start(text, self.clinic)
        except ValueError:
            raise forms.ValidationError(_("Choose one of the times.")) from None


class RefusableForm(forms.Form):
    """A form that shows what a service refused."""

    def refuse(self, error: DomainError) -> None:
        """Put the sentence at its field, or above the form."""
        field = error.field if error.field in self.fields else None
        self.add_error(field, error.message)


class ExceptionsMixin(forms.Form):
    """Rules set aside, with a reason."""

    set_aside_protocol = forms.BooleanField(
        label=_("Set the protocol's rule aside (practitioner)"), required=False
    )
    set_aside_hours = forms.BooleanField(label=_("Book outside working hours"), required=False)
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)

    def exceptions(self) -> Exceptions:
        """As the services take them."""
        data = self.cleaned_data
        return Exceptions(
            clinical=data["set_aside_protocol"],
            hours=data["set_aside_hours"],
            reason=data["reason"].strip(),
        )

    def ways_out(self, refusal: DomainError | None) -> dict[str, bool]:
        """Which rules the page offers to set aside: the one that refused, and those that were."""
        refused = isinstance(refusal, OutsideProtocolWindow) or (
            isinstance(refusal, ScreeningBlocked) and refusal.overridable
        )
        return {
            "ask_hours": isinstance(refusal, OutsideHours) or "set_aside_hours" in self.data,
            "ask_protocol": refused or "set_aside_protocol" in self.data,
        }


class BookForm(ExceptionsMixin, RefusableForm):
    """One visit."""

    patient = forms.UUIDField(
        error_messages={"required": _("Choose a patient first.")}, widget=forms.HiddenInput
    )
    visit_type = forms.UUIDField(widget=forms.HiddenInput)
    practitioner = forms.UUIDField(required=False)
    planned_session = forms.UUIDField(required=False, widget=forms.HiddenInput)
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    note = forms.CharField(label=_("Note for the desk"), required=False, max_length=300)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        self.fields["slot"] = forms.CharField(
            error_messages={"required": _("Choose a time.")}, max_length=120
        )

    def clean_slot(self) -> tuple[datetime, UUID]:
        """`start|practitioner`, as the chips of free times carry it."""
        start, _sep, who = self.cleaned_data["slot"].partition("|")
        try:
            return read_start(start, self.clinic), UUID(who)
        except ValueError:
            raise forms.ValidationError(_("Choose one of the times.")) from None

    def to_booking(self) -> Booking:
        """As the service takes it."""
        data = self.cleaned_data
        start, practitioner = data["slot"]
        return Booking(
            patient_id=data["patient"],
            visit_type_id=data["visit_type"],
            practitioner_id=practitioner,
            start=start,
            planned_session_id=data["planned_session"],
            note=data["note"],
            key=data["key"],
            exceptions=self.exceptions(),
        )


class WishesForm(forms.Form):
    """What suits the patient, when a course is planned."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days of the week"), choices=WEEKDAYS, coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    starts_from = forms.TimeField(label=_("Not before"), required=False, widget=TIME_INPUT)
    starts_until = forms.TimeField(label=_("Not after"), required=False, widget=TIME_INPUT)
    practitioner = forms.UUIDField(required=False)
    only = forms.BooleanField(label=_("Only this practitioner"), required=False)
    not_from = forms.DateField(label=_("Away from"), required=False, widget=DATE_INPUT)
    not_until = forms.DateField(label=_("Away until"), required=False, widget=DATE_INPUT)
    not_months = forms.TypedMultipleChoiceField(
        label=_("Not in"), choices=list(MONTHS_3.items()), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    start_on = forms.DateField(label=_("Start on or after"), required=False, widget=DATE_INPUT)
    strict = forms.BooleanField(label=_("Only these days and times"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ends come after beginnings."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("not_from"), data.get("not_until")
        if first and last and last < first:
            self.add_error("not_until", _("This is before the first day away."))
        opens, closes = data.get("starts_from"), data.get("starts_until")
        if opens and closes and closes <= opens:
            self.add_error("starts_until", _("This is before the earliest time."))
        return data

    def to_wishes(self) -> Wishes:
        """As the planner takes them; call it on a valid form."""
        data = self.cleaned_data
        return Wishes(
            weekdays=frozenset(data["weekdays"]),
            starts_from=data["starts_from"],
            starts_until=data["starts_until"],
            practitioner_id=data["practitioner"],
            only=data["only"],
            not_from=data["not_from"] or data["not_until"],
            not_until=data["not_until"],
            not_months=frozenset(data["not_months"]),
            start_on=data["start_on"],
            strict=data["strict"],
        )


class CourseForm(ExceptionsMixin, RefusableForm):
    """The visits of a course, each as `session|practitioner|start`."""

    key = forms.CharField(required=False, max_length=64)
    hold = forms.BooleanField(required=False)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic

    def clean(self) -> dict[str, Any]:
        """The visits, read one by one."""
        data: dict[str, Any] = super().clean() or {}
        values = self.data.getlist("visit") if hasattr(self.data, "getlist") else []
        try:
            data["visits"] = tuple(self._visit(text) for text in values)
        except ValueError:
            raise forms.ValidationError(_("Choose a proposal again.")) from None
        if not data["visits"]:
            raise forms.ValidationError(_("Choose a proposal."))
        return data

    def _visit(self, text: str) -> CourseVisit:
        session, who, start = text.split("|")
        return CourseVisit(UUID(session), UUID(who), read_start(start, self.clinic))

    def to_course(
        self, plan_id: UUID, visit_type_id: UUID, hold_until: datetime | None
    ) -> CourseBooking:
        """As the service takes it."""
        return CourseBooking(
            plan_id=plan_id,
            visit_type_id=visit_type_id,
            visits=self.cleaned_data["visits"],
            key=self.cleaned_data["key"],
            hold_until=hold_until if self.cleaned_data["hold"] else None,
            exceptions=self.exceptions(),
        )


class MoveForm(ExceptionsMixin, RefusableForm):
    """A visit to a new place, with the later ones that were shown, each as `id|start|version|who`."""

    practitioner = forms.UUIDField(required=False)
    version = forms.IntegerField(required=False, min_value=1)
    alone = forms.BooleanField(required=False)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        self.fields["start"] = StartField(
            clinic=clinic, error_messages={"required": _("Choose a time.")}
        )

    def clean(self) -> dict[str, Any]:
        """The later visits, read one by one."""
        data: dict[str, Any] = super().clean() or {}
        values = self.data.getlist("later") if hasattr(self.data, "getlist") else []
        try:
            data["later"] = tuple(self._target(text) for text in values)
        except ValueError:
            raise forms.ValidationError(_("Choose the time again.")) from None
        return data

    def _target(self, text: str) -> Target:
        pk, start, version, who = text.split("|")
        return Target(UUID(pk), read_start(start, self.clinic), int(version), UUID(who))

    def to_move(self, appointment_id: UUID) -> Move:
        """As the service takes it."""
        data = self.cleaned_data
        visit = Target(appointment_id, data["start"], data["version"], data["practitioner"])
        return Move(
            visit=visit,
            later=() if data["alone"] else data["later"],
            reason=data["reason"].strip(),
            exceptions=self.exceptions(),
        )


class StatusForm(forms.Form):
    """The status to go to."""

    target = forms.ChoiceField(choices=[(status.value, status.value) for status in Status])
    reason = forms.CharField(required=False, max_length=300)


class CancelForm(RefusableForm):
    """Why a visit is cancelled."""

    reason = forms.CharField(
        label=_("Why is it cancelled?"), max_length=300,
        error_messages={"required": _("Write a reason in a few words.")},
    )  # fmt: skip


class DayForm(forms.Form):
    """Which day, and whose."""

    date = forms.DateField(required=False)
    practitioner = forms.UUIDField(required=False)
    room = forms.UUIDField(required=False)

    def day(self, today: Day) -> Day:
        """The day asked for, today where it can't be read."""
        chosen: Day | None = self.cleaned_data.get("date")
        return chosen or today


VIEWS = [
    ("day", _("Day")), ("week", _("Week")), ("month", _("Month")), ("agenda", _("Agenda")),
    ("courses", _("Courses")),
]  # fmt: skip


class CalendarForm(DayForm):
    """What the calendar shows and how; nothing that can't be read stands in the way."""

    view = forms.ChoiceField(choices=VIEWS, required=False)
    by = forms.ChoiceField(choices=[("practitioner", ""), ("room", "")], required=False)
    colour = forms.ChoiceField(choices=[("state", ""), ("type", "")], required=False)
    type = forms.UUIDField(required=False)
    status = forms.ChoiceField(choices=[(one.value, "") for one in Status], required=False)
    q = forms.CharField(required=False, max_length=80)

    def said(self, *names: str) -> dict[str, str]:
        """What was asked for, by name, without what was left empty: the rest of an address."""
        found = {name: self.cleaned_data.get(name) for name in names}
        return {name: str(value) for name, value in found.items() if value}
