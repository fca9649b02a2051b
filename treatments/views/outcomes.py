"""Results: judged after a session, shown with the photographs, and over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.spreadsheets import csv_file
from mesoclinic.common.errors import DomainError, NotFound
from treatments import services
from treatments.forms.reviews import PeriodForm, ReviewForm
from treatments.models import SessionRecord
from treatments.selectors import outcomes
from treatments.selectors.plans import get_record, get_session
from treatments.views.common import PeriodView, StaffView, add_refusal, no_store


@access(Policy.CLINICAL)
class SessionResult(StaffView):
    """The result after a session: photographs side by side, and what it is judged to be."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The page."""
        record = self.record(pk)
        self.has_read([record.patient], "treatments.outcomereview")
        return self.page(record, ReviewForm())

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Keep a judgement."""
        record, form = self.record(pk), ReviewForm(request.POST)
        if form.is_valid():
            judgement = services.Judgement(**form.cleaned_data)
            try:
                services.review_outcome(
                    session=record, judgement=judgement, actor=request.actor, now=self.now
                )
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("treatments:session-result", pk)
        return self.page(record, form, status=422)

    def record(self, pk: UUID) -> SessionRecord:
        """The session's record. Raises NotFound before it has begun."""
        record = get_record(get_session(self.request.clinic, pk))
        if record is None:
            raise NotFound
        return record

    def page(self, record: SessionRecord, form: ReviewForm, status: int = 200) -> HttpResponse:
        """Photographs, judgements of the course, and the form."""
        context = {
            "record": record,
            "form": form,
            "pairs": outcomes.before_and_after(record),
            "reviews": outcomes.reviews_of_plan(record.planned_session.plan_id),
        }
        return no_store(render(self.request, "treatments/result.html", context, status=status))


@access(Policy.CLINICAL_OR_MANAGER)
class Results(PeriodView):
    """Each indication over time; figures without names."""

    def get(self, request: Any) -> HttpResponse:
        """Curves and tables, or with `?as=csv` a file."""
        since, until = self.period()
        found = outcomes.results(request.clinic, since, until)
        if request.GET.get("as") == "csv":
            return _table(found)
        rows = [
            {
                "result": one,
                "practitioner": outcomes.curve(one.months, "practitioner", 1, 5),
                "patient": outcomes.curve(one.months, "patient", 1, 5),
                "satisfaction": outcomes.curve(one.months, "satisfaction", 10, 0),
            }
            for one in found
        ]
        context = {
            "rows": rows,
            "form": PeriodForm(initial={"since": since, "until": until}),
            "query": urlencode({"since": since, "until": until}),
        }
        return render(request, "treatments/results.html", context)


def _table(found: Iterable[outcomes.IndicationResult]) -> HttpResponse:
    """One line for each indication and month; means with two decimals."""
    head = (
        _("Indication"), _("Month"), _("Practitioners"), _("Patients"), _("Satisfaction"),
        _("Judgements"),
    )  # fmt: skip
    lines = (
        (
            one.name, f"{month.month:%Y-%m}", _mean(month.practitioner), _mean(month.patient),
            _mean(month.satisfaction), month.count,
        )
        for one in found
        for month in one.months
    )  # fmt: skip
    return csv_file("results", head, lines)


def _mean(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
