"""Shapes of what is typed in the inbox."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from aftercare.models import StaffTask
from aftercare.selectors.inbox import InboxFilter, Whose
from patients.forms.base import DateInput, DomainForm


class FinishTaskForm(forms.Form):
    """What came of a task."""

    outcome = forms.CharField(
        label=_("What came of it?"), max_length=300, required=True,
        widget=forms.TextInput(attrs={"placeholder": _("For example: called, will come at 3")}),
    )  # fmt: skip


class AssignForm(DomainForm):
    """Who is to do a task, and until which day."""

    staff = forms.ChoiceField(label=_("For"), required=False)
    due_on = forms.DateField(label=_("Until"), required=False, widget=DateInput())

    def __init__(self, people: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["staff"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
        field.choices = [("", _("Nobody in particular")), *people]

    @property
    def staff_id(self) -> UUID | None:
        """The chosen person."""
        chosen = self.cleaned_data["staff"]
        return UUID(chosen) if chosen else None

    @property
    def day(self) -> dt.date | None:
        """The chosen day."""
        day: dt.date | None = self.cleaned_data["due_on"]
        return day


class InboxForm(forms.Form):
    """The filters over the inbox."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *StaffTask.Kind.choices]
    )
    whose = forms.ChoiceField(
        label=_("Whose"), required=False,
        choices=[
            ("", _("Everybody's")), (Whose.MINE.value, _("Mine")), (Whose.FREE.value, _("Nobody's"))
        ],
    )  # fmt: skip
    done = forms.CharField(required=False, widget=forms.HiddenInput)
    late = forms.BooleanField(label=_("Only late"), required=False)

    def wanted(self) -> InboxFilter:
        """What to look for; a value that is not valid is left out."""
        data: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        return InboxFilter(
            query=data.get("q", ""),
            kind=data.get("kind", ""),
            whose=Whose(data["whose"]) if data.get("whose") else None,
            done=bool(data.get("done")),
            late=bool(data.get("late")),
        )
