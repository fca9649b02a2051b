"""Shapes of what is looked at afterwards: results, recalls and periods."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from treatments.forms.dates import DateInput
from treatments.models import OutcomeReview, RecallContact


class ReviewForm(forms.Form):
    """How a result is judged."""

    rater = forms.ChoiceField(label=_("Judged by"), choices=OutcomeReview.Rater.choices)
    # None is chosen beforehand: the best grade stands first, and would colour the results.
    gais = forms.TypedChoiceField(
        label=_("Improvement (GAIS)"),
        choices=[("", _("Choose")), *OutcomeReview.Gais.choices],
        coerce=int,
    )
    satisfaction = forms.IntegerField(
        label=_("Satisfaction, 0 to 10"), required=False, min_value=0, max_value=10
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300)


class ReachedForm(forms.Form):
    """How a patient of a recall was reached."""

    how = forms.ChoiceField(label=_("How"), choices=RecallContact.How.choices)
    note = forms.CharField(label=_("What was said"), required=False, max_length=300)


class PeriodForm(forms.Form):
    """From one day to another."""

    since = forms.DateField(label=_("From"), required=False, widget=DateInput())
    until = forms.DateField(label=_("Until"), required=False, widget=DateInput())
