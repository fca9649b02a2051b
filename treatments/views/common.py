"""What the pages of this room share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpResponse

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.pages import StaffPage
from mesoclinic.common.errors import DomainError, Forbidden, NotFound
from patients.models import Patient
from treatments.domain.cocktail import Level
from treatments.domain.readiness import Readiness, Verdict
from treatments.forms.reviews import PeriodForm
from treatments.models import Ingredient
from treatments.selectors.checks import Look

_STATES = {Level.STOP: "stop", Level.REVIEW: "warn", Level.NOTE: "info"}
_YEAR = dt.timedelta(days=365)
_VERDICT_STATES = {Verdict.GO: "ok", Verdict.REVIEW: "warn", Verdict.STOP: "stop"}


class StaffView(StaffPage):
    """A page about plans, sessions and stock."""

    def has_read(self, patients: list[Patient], model: str = "treatments.treatmentplan") -> None:
        """One audit row for what this page shows."""
        record_read(self.request.actor, model=model, patients=[one.pk for one in patients])


class PeriodView(StaffView):
    """A page of figures from one day to another, both in the address."""

    def period(self) -> tuple[dt.date, dt.date]:
        """The last year unless other days are asked for; what can't be read counts as not asked."""
        form = PeriodForm(self.request.GET)
        form.is_valid()
        until = form.cleaned_data.get("until") or self.today
        return form.cleaned_data.get("since") or until - _YEAR, until


def add_refusal(form: forms.BaseForm, error: DomainError) -> None:
    """Show a refusal at its field, else above the form; absence and rights are not the form's."""
    if isinstance(error, NotFound | Forbidden):
        raise error
    form.add_error(error.field if error.field in form.fields else None, error.message)


def finding_lines(look: Look, inside: Iterable[Ingredient] = ()) -> list[dict[str, Any]]:
    """Findings for the template, each with its chip state.

    What could be given instead stands once, at the gravest finding about an ingredient: `swaps`
    are pairs of the value to post ("old:new") and the name.
    """
    ids = {one.key: one.pk for one in inside}
    lines, told = [], set()
    for one in look.findings:
        swaps = []
        if one.ingredient in look.instead and one.ingredient not in told:
            told.add(one.ingredient)
            swaps = [
                (f"{ids[one.ingredient]}:{row.pk}", row.name)
                for row in look.instead[one.ingredient]
                if one.ingredient in ids
            ]
        lines.append({"state": _STATES[one.level], "finding": one, "swaps": swaps})
    return lines


def gate_lines(answer: Readiness) -> list[dict[str, Any]]:
    """Reasons for the template; one that was set aside shows as a note."""
    return [
        {
            "state": "info" if one.overridden else _VERDICT_STATES[one.verdict],
            "reason": one,
            "weighs": one.weighs.value,
        }
        for one in answer.reasons
        if one.verdict is not Verdict.GO or one.overridden
    ]


def verdict_state(answer: Readiness) -> str:
    """The chip state of the gate's answer."""
    return _VERDICT_STATES[answer.verdict]


def no_store(response: HttpResponse) -> HttpResponse:
    """Health data does not stay in the browser's cache."""
    response["Cache-Control"] = "no-store"
    return response
