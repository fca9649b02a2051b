"""Adverse events: report, list, close."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError, NotFound
from patients.models import Patient
from patients.selectors import get_patient
from treatments import services
from treatments.forms import EventForm, OutcomeForm
from treatments.models import AdverseEvent, SessionRecord
from treatments.selectors.effects import effect_label
from treatments.selectors.events import event_list, get_event
from treatments.services.events import EventReport
from treatments.views.common import StaffView, add_refusal

_PAGE = 30


@access(Policy.CLINICAL)
class EventList(StaffView):
    """Unwanted effects, gravest first."""

    def get(self, request: Any) -> HttpResponse:
        """One page of the list."""
        wanted = request.GET.get("show", "open")
        page = Paginator(event_list(request.clinic, wanted), _PAGE).get_page(
            request.GET.get("page")
        )
        self.has_read([event.patient for event in page], "treatments.adverseevent")
        rows = [(event, effect_label(event.effect)) for event in page]
        context = {"page_obj": page, "rows": rows, "wanted": wanted}
        return render(request, "treatments/event_list.html", context)


@access(Policy.CLINICAL)
class EventReportPage(StaffView):
    """Report one, from the chart or from a session (`?session=`)."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The form, asking for as little as possible."""
        patient = get_patient(request.clinic, pk)
        return self.page(patient, EventForm(self.today))

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Store it; a severe one stops the next session at once."""
        patient = get_patient(request.clinic, pk)
        form = EventForm(self.today, request.POST)
        if form.is_valid():
            report = EventReport(session=_session(patient, request.POST), **form.cleaned_data)
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


@access(Policy.CLINICAL)
class EventDetail(StaffView):
    """One event, and how it ended."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The page."""
        event = get_event(request.clinic, pk)
        self.has_read([event.patient], "treatments.adverseevent")
        return self.page(event, OutcomeForm())

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Close it."""
        event = get_event(request.clinic, pk)
        form = OutcomeForm(request.POST)
        if form.is_valid():
            services.resolve_adverse_event(
                event=event, outcome=form.cleaned_data["outcome"], actor=request.actor, now=self.now
            )
            messages.success(request, _("The reaction is closed."))
            return redirect("treatments:event", pk)
        return self.page(event, form, status=422)

    def page(self, event: AdverseEvent, form: OutcomeForm, status: int = 200) -> HttpResponse:
        """The event with the form that closes it."""
        context = {"event": event, "label": effect_label(event.effect), "form": form}
        return render(self.request, "treatments/event_detail.html", context, status=status)


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
