"""Adverse events: report, list with filters and export, follow, close, open again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.spreadsheets import csv_file
from mesoclinic.common.errors import DomainError, NotFound
from patients.models import Patient
from patients.selectors import get_patient
from treatments import services
from treatments.forms import ReasonForm
from treatments.forms.events import EventFilterForm, EventForm, FollowUpForm, OutcomeForm
from treatments.models import AdverseEvent, SessionRecord
from treatments.selectors.effects import effect_label
from treatments.selectors.events import EventFilter, event_list, get_event
from treatments.services.events import EventReport, FollowUp
from treatments.views.common import StaffView, add_refusal, no_store

_PAGE = 30
_MOST = 10_000


class FilteredEvents(StaffView):
    """The list as it is narrowed."""

    def wanted(self) -> tuple[EventFilter, EventFilterForm]:
        """The filter; what can't be read narrows nothing."""
        data = self.request.GET.copy()
        data.setdefault("show", "open")
        form = EventFilterForm(data)
        form.is_valid()
        values = form.cleaned_data
        return EventFilter(
            show=values.get("show") or "open",
            severity=int(values.get("severity") or 0),
            effect=values.get("effect", ""),
            since=values.get("since"),
            until=values.get("until"),
            query=values.get("q", ""),
        ), form


@access(Policy.CLINICAL)
class EventList(FilteredEvents):
    """Unwanted effects, gravest first."""

    def get(self, request: Any) -> HttpResponse:
        """One page of the list."""
        wanted, form = self.wanted()
        page = Paginator(event_list(request.clinic, wanted), _PAGE).get_page(
            request.GET.get("page")
        )
        self.has_read([event.patient for event in page], "treatments.adverseevent")
        rows = [(event, effect_label(event.effect)) for event in page]
        context = {
            "page_obj": page, "rows": rows, "filter_form": form,
            "query": request.GET.urlencode(),
        }  # fmt: skip
        return render(request, "treatments/event_list.html", context)


@access(Policy.CLINICAL)
class EventExport(FilteredEvents):
    """The list as a table for a spreadsheet."""

    def get(self, request: Any) -> HttpResponse:
        """CSV of everything the filter lets through, 10,000 at most."""
        wanted, _form = self.wanted()
        events = list(event_list(request.clinic, wanted)[:_MOST])
        self.has_read([event.patient for event in events], "treatments.adverseevent")
        head = (
            _("Patient"), _("Record number"), _("Effect"), _("Severity"), _("Since"),
            _("How we heard of it"), _("Course"), _("Cause"), _("Session"), _("Description"),
            _("What was done"), _("Closed on"), _("Ending"), _("How it ended"),
        )  # fmt: skip
        return csv_file("reactions", head, (_cells(one) for one in events))


def _cells(event: AdverseEvent) -> list[object]:
    return [
        event.patient.shown_name, event.patient.record_number, effect_label(event.effect),
        event.severity, event.onset_on.isoformat(), event.get_source_display(),
        event.get_course_display(), event.get_cause_display(),
        event.session.performed_on.isoformat() if event.session else "", event.description,
        event.actions, event.resolved_at.date().isoformat() if event.resolved_at else "",
        event.get_ending_display(), event.outcome,
    ]  # fmt: skip


@access(Policy.CLINICAL)
class EventReportPage(StaffView):
    """Report one, from the chart or from a session (`?session=`)."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The form, asking for as little as possible."""
        patient = get_patient(request.clinic, pk)
        at_session = {"source": "session"} if request.GET.get("session") else {}
        return self.page(patient, EventForm(self.today, initial=at_session))

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Store it; a severe one stops the next session at once."""
        patient = get_patient(request.clinic, pk)
        form = EventForm(self.today, request.POST)
        if form.is_valid():
            said = {name: value for name, value in form.cleaned_data.items() if value != ""}
            report = EventReport(session=_session(patient, request.POST), **said)
            try:
                event = services.report_adverse_event(
                    patient=patient, report=report, actor=request.actor, now=self.now
                )
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _saved(event))
                return redirect("treatments:event", event.pk)
        return self.page(patient, form, status=422)

    def page(self, patient: Patient, form: EventForm, status: int = 200) -> HttpResponse:
        """The form under the patient's name."""
        session = self.request.GET.get("session") or self.request.POST.get("session", "")
        context = {"patient": patient, "form": form, "session": session}
        return render(self.request, "treatments/event_form.html", context, status=status)


class EventView(StaffView):
    """A page about one event."""

    def act(
        self, pk: UUID, form: forms.Form, name: str, do: Callable[[AdverseEvent], object]
    ) -> HttpResponse:
        """Run one use case with a valid form; refusals stand at their field."""
        event = get_event(self.request.clinic, pk)
        if form.is_valid():
            try:
                do(event)
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(self.request, _("Saved."))
                return redirect("treatments:event", pk)
        return self.page(event, {name: form}, status=422)

    def page(
        self, event: AdverseEvent, bound: dict[str, forms.Form], status: int = 200
    ) -> HttpResponse:
        """The event with its steps and what can be done with it."""
        stands = {name: getattr(event, name) for name in ("severity", "course", "cause")}
        context = {
            "event": event,
            "label": effect_label(event.effect),
            "entries": list(event.entries.all()),
            "pictures": list(event.pictures.select_related("file")),
            "form": OutcomeForm(),
            "follow_form": FollowUpForm(initial=stands),
            "reopen_form": ReasonForm(),
        } | bound
        return no_store(
            render(self.request, "treatments/event_detail.html", context, status=status)
        )


@access(Policy.CLINICAL)
class EventDetail(EventView):
    """One event, and how it ended."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The page."""
        event = get_event(request.clinic, pk)
        self.has_read([event.patient], "treatments.adverseevent")
        return self.page(event, {})

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Close it."""
        form = OutcomeForm({"ending": AdverseEvent.Ending.RECOVERED, **request.POST.dict()})
        return self.act(
            pk,
            form,
            "form",
            lambda event: services.resolve_adverse_event(
                event=event, actor=request.actor, now=self.now, **form.cleaned_data
            ),
        )


@access(Policy.CLINICAL)
class EventFollow(EventView):
    """Judge it anew."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Store how it stands."""
        form = FollowUpForm(request.POST)
        return self.act(
            pk,
            form,
            "follow_form",
            lambda event: services.follow_adverse_event(
                event=event,
                follow_up=FollowUp(**form.cleaned_data),
                actor=request.actor,
                now=self.now,
            ),
        )


@access(Policy.CLINICAL)
class EventReopen(EventView):
    """Open it again."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """With a reason."""
        form = ReasonForm(request.POST)
        return self.act(
            pk,
            form,
            "reopen_form",
            lambda event: services.reopen_adverse_event(
                event=event, reason=form.cleaned_data["reason"], actor=request.actor, now=self.now
            ),
        )


def _saved(event: AdverseEvent) -> str:
    if event.stops_treatment:
        return _("Reported. No further session can begin until the reaction is closed.")
    return _("Reported.")


def _session(patient: Patient, data: Any) -> SessionRecord | None:
    text = data.get("session", "")
    if not text:
        return None
    try:
        return SessionRecord.objects.get(pk=UUID(text), patient=patient)
    except (ValueError, SessionRecord.DoesNotExist) as error:
        raise NotFound from error
