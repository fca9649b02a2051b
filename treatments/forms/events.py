"""Shapes of reactions: the report, how it stands, how it ended, and what narrows their list."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from treatments.forms.dates import DateInput
from treatments.models import AdverseEvent
from treatments.selectors.effects import EFFECTS, SEVERITIES

_UNCHOSEN = ("", _("Choose"))


class EventForm(forms.Form):
    """An unwanted effect."""

    # Neither is chosen beforehand: a press on the untouched form would report a mild redness.
    effect = forms.ChoiceField(label=_("What happened"), choices=[_UNCHOSEN, *EFFECTS.items()])
    severity = forms.TypedChoiceField(
        label=_("How severe"), choices=[_UNCHOSEN, *SEVERITIES.items()], coerce=int
    )
    onset_on = forms.DateField(label=_("Since"), widget=DateInput())
    source = forms.ChoiceField(
        label=_("How we heard of it"),
        choices=AdverseEvent.Source.choices,
        required=False,
        initial=AdverseEvent.Source.PHONE,
    )
    course = forms.ChoiceField(
        label=_("Course"), choices=AdverseEvent.Course.choices, required=False
    )
    cause = forms.ChoiceField(label=_("Cause"), choices=AdverseEvent.Cause.choices, required=False)
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    actions = forms.CharField(
        label=_("What was done"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, today: dt.date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["onset_on"].initial = today


class FollowUpForm(forms.Form):
    """How an unwanted effect stands now."""

    severity = forms.TypedChoiceField(
        label=_("How severe"), choices=list(SEVERITIES.items()), coerce=int
    )
    course = forms.ChoiceField(label=_("Course"), choices=AdverseEvent.Course.choices)
    cause = forms.ChoiceField(label=_("Cause"), choices=AdverseEvent.Cause.choices)
    text = forms.CharField(
        label=_("What was seen or done"), widget=forms.Textarea(attrs={"rows": 2})
    )


class OutcomeForm(forms.Form):
    """How an unwanted effect ended."""

    ending = forms.ChoiceField(label=_("Ending"), choices=AdverseEvent.Ending.choices)
    outcome = forms.CharField(label=_("How it ended"), max_length=300)


class EventFilterForm(forms.Form):
    """What narrows the list of reactions."""

    show = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("open", _("Open")), ("resolved", _("Closed")), ("all", _("All"))],
    )
    severity = forms.TypedChoiceField(
        label=_("At least"),
        required=False,
        coerce=int,
        choices=[("", _("Any severity")), *SEVERITIES.items()],
    )
    effect = forms.ChoiceField(
        label=_("Effect"), required=False, choices=[("", _("Any effect")), *EFFECTS.items()]
    )
    since = forms.DateField(label=_("From"), required=False, widget=DateInput())
    until = forms.DateField(label=_("Until"), required=False, widget=DateInput())
    q = forms.CharField(label=_("Patient or lot"), required=False, max_length=100)
