"""Forms of the safety record, of decisions, and of patient links."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.base import DateInput, DomainForm
from patients.models import Allergy, ScreeningDecision
from patients.services import AllergyData, ConditionData, DecisionData, MedicineData


class FactForm(DomainForm):
    """What the three kinds of fact share."""

    text = forms.CharField(label=_("What"), max_length=300)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class AllergyForm(FactForm):
    """An allergy."""

    reaction = forms.CharField(label=_("Reaction"), max_length=200, required=False)
    severity = forms.ChoiceField(
        label=_("Severity"), choices=Allergy.Severity.choices, initial=Allergy.Severity.UNKNOWN
    )
    certainty = forms.ChoiceField(
        label=_("Certainty"), choices=Allergy.Certainty.choices,
        initial=Allergy.Certainty.CONFIRMED,
    )  # fmt: skip
    noted_on = forms.DateField(label=_("Noted on"), required=False, widget=DateInput())
    field_order = ["text", "reaction", "severity", "certainty", "noted_on", "note"]

    def to_data(self) -> AllergyData:
        """For the service."""
        return AllergyData(**self.cleaned_data)


class MedicineForm(FactForm):
    """A medicine."""

    since = forms.DateField(label=_("Since"), required=False, widget=DateInput())
    until = forms.DateField(
        label=_("Until"), required=False, widget=DateInput(), help_text=_("The last day.")
    )
    field_order = ["text", "since", "until", "note"]

    def to_data(self) -> MedicineData:
        """For the service."""
        return MedicineData(**self.cleaned_data)


class ConditionForm(FactForm):
    """A condition."""

    onset_on = forms.DateField(label=_("Since"), required=False, widget=DateInput())
    ended_on = forms.DateField(
        label=_("Until"), required=False, widget=DateInput(), help_text=_("Empty: still there.")
    )
    field_order = ["text", "onset_on", "ended_on", "note"]

    def to_data(self) -> ConditionData:
        """For the service."""
        return ConditionData(**self.cleaned_data)


class DecisionForm(DomainForm):
    """A practitioner's decision; only what the findings allow is offered."""

    decision = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    conditions = forms.CharField(
        label=_("Conditions"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: no aspirin for a week before; not on the cheeks."),
    )  # fmt: skip
    defer_until = forms.DateField(label=_("Defer until"), required=False, widget=DateInput())
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Part of the record. It can't be changed later."),
    )  # fmt: skip

    def __init__(self, *args: Any, allowed: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        labels = dict(ScreeningDecision.Decision.choices)
        field.choices = [(one, labels[one]) for one in allowed]

    def to_data(self) -> DecisionData:
        """For the service."""
        return DecisionData(**self.cleaned_data)


STATEMENT = _(
    "I have answered these questions truthfully and as completely as I can. I will tell the clinic "
    "before any treatment if something changes. I agree that my answers are kept in my record."
)


class SignForm(DomainForm):
    """Name under the questionnaire, and the drawn signature where somebody drew one."""

    # The strokes in a field of 600 by 200: "M 10 20 L 11 22 …". Whole numbers only.
    signature = forms.RegexField(
        r"^M[ML0-9 ]+$", required=False, max_length=20000, widget=forms.HiddenInput(),
        error_messages={"invalid": _("The drawing could not be read. Clear it and sign again.")},
    )  # fmt: skip

    signed_name = forms.CharField(
        label=_("Your name"), max_length=200,
        help_text=_("With it you say that your answers are true as far as you know."),
    )  # fmt: skip


class CodeForm(DomainForm):
    """The six digits from an e-mail."""

    code = forms.RegexField(
        r"^\s*\d{3}\s?\d{3}\s*$", label=_("Code from the e-mail"),
        error_messages={"invalid": _("The code has six digits.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )  # fmt: skip


class EndForm(DomainForm):
    """When something ended; today where left empty."""

    ended_on = forms.DateField(label=_("Ended on"), required=False, widget=DateInput())

    def day(self) -> dt.date | None:
        """The day, if one was given."""
        value: dt.date | None = self.cleaned_data.get("ended_on")
        return value
