"""Booking one visit: whom, for what, with whom, and a time; then one button."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from mesoclinic.common.ids import new_id
from patients.models import Patient
from patients.selectors import get_patient, search_patients
from scheduling.exceptions import SlotTaken
from scheduling.forms import BookForm, read_start
from scheduling.models import Appointment, VisitType
from scheduling.selectors.booking import (
    Choice,
    FreeTimes,
    OpenSession,
    free_times,
    open_sessions_of,
    visit_types,
)
from scheduling.selectors.spacing import closed_days
from scheduling.selectors.waitlist import no_shows_of
from scheduling.services import book_appointment
from scheduling.views.base import StaffView, as_date, as_uuid, strip_links

_FOUND = 8


@dataclass(frozen=True)
class Asked:
    """What the address or the form says so far."""

    patient_id: UUID | None
    type_id: UUID | None
    practitioner_id: UUID | None
    session_id: UUID | None
    day: date | None
    query: str
    start: str

    @classmethod
    def of(cls, data: QueryDict) -> Asked:
        """Read what can be read; the rest counts as not said."""
        return cls(
            as_uuid(data.get("patient")),
            as_uuid(data.get("visit_type")),
            as_uuid(data.get("practitioner")),
            as_uuid(data.get("planned_session")),
            as_date(data.get("date") or (data.get("start") or "")[:10]),
            data.get("q", "").strip()[:100],
            data.get("start", "")[:40],
        )


@access(Policy.FRONT_DESK)
class Book(StaffView):
    """The booking page; with `?patient=` two clicks are enough: a time, and Book."""

    template = "scheduling/book.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page for what is chosen so far; htmx takes the parts that changed."""
        asked = Asked.of(request.GET)
        form = BookForm(clinic=self.request.clinic, initial={"key": str(new_id())})
        context = self._context(asked, form)
        context |= self._clicked(asked, context.get("times"))
        return render(request, self.template, context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Book, or say why not and offer something else."""
        form = BookForm(request.POST, clinic=self.request.clinic)
        refusal: DomainError | None = None
        if form.is_valid():
            try:
                return self._done(self._book(form))
            except DomainError as error:
                refusal = error
                form.refuse(error)
        context = self._context(Asked.of(request.POST), form)
        offers = refusal.next_free if isinstance(refusal, SlotTaken) else ()
        return again(
            request, self.template, {**context, "offers": offers, **form.ways_out(refusal)}
        )

    def _clicked(self, asked: Asked, times: FreeTimes | None) -> dict[str, Any]:
        """The chip to tick for a time that was clicked in the calendar, or that it is not free."""
        try:
            start = read_start(asked.start, self.request.clinic)
        except ValueError:
            return {}
        offers = times.offers if times else ()
        ticked = next((one.value for one in offers if one.slot.start == start), "")
        return {"ticked": ticked, "not_free": None if ticked or times is None else start}

    def _book(self, form: BookForm) -> Appointment:
        return book_appointment(
            clinic=self.request.clinic,
            actor=self.request.actor,
            now=self.now,
            booking=form.to_booking(),
        )

    def _done(self, booked: Appointment) -> HttpResponse:
        local = self.request.clinic.local(booked.during.lower)
        when = formats.date_format(local, "SHORT_DATETIME_FORMAT")
        text = _("%(name)s is booked for %(when)s.") % {"name": booked.patient.name, "when": when}
        messages.success(self.request, text)
        return redirect("scheduling:appointment", pk=booked.pk)

    def _context(self, asked: Asked, form: BookForm) -> dict[str, Any]:
        clinic = self.request.clinic
        patient = get_patient(clinic, asked.patient_id) if asked.patient_id else None
        sessions = open_sessions_of(clinic, patient, self.now) if patient else []
        session = _chosen(sessions, asked.session_id)
        kinds = visit_types(clinic)
        kind = _kind(kinds, asked, session)
        context: dict[str, Any] = {
            "form": form, "asked": asked, "patient": patient, "sessions": sessions,
            "session": session, "kinds": kinds, "kind": kind, "today": self.today,
            "clinical": self.clinical, "ticked": "", "not_free": None, **self._people(asked, patient),
            "no_shows": no_shows_of(clinic, patient, self.now) if patient else None,
        }  # fmt: skip
        if kind is not None and patient is not None:
            day = asked.day or _first_day(session) or self.today
            choice = Choice(
                kind, asked.practitioner_id, day, patient.pk, exact=asked.day is not None,
                closed=closed_days(clinic, session.session, self.now) if session else (),
            )  # fmt: skip
            times = context["times"] = free_times(clinic, choice, self.now)
            context["several"] = asked.practitioner_id is None and len(times.members) > 1
            context |= strip_links(
                times, patient=patient.pk, visit_type=kind.pk,
                practitioner=asked.practitioner_id, planned_session=session and session.session.pk,
            )  # fmt: skip
        return context

    def _people(self, asked: Asked, patient: Patient | None) -> dict[str, Any]:
        if patient is not None:
            self.shown([patient.pk], "booking")
            return {}
        if not asked.query:
            return {"found": ()}
        found = search_patients(self.request.clinic, asked.query, limit=_FOUND).patients
        record_read(
            self.request.actor,
            model="patients.patient",
            patients=[one.pk for one in found],
            reason="search",
        )
        return {"found": found}


def _chosen(sessions: list[OpenSession], pk: UUID | None) -> OpenSession | None:
    return next((one for one in sessions if one.session.pk == pk), None)


def _kind(kinds: list[VisitType], asked: Asked, session: OpenSession | None) -> VisitType | None:
    """The type asked for; that of a session where one is booked; else the first."""
    wanted = next((kind for kind in kinds if kind.pk == asked.type_id), None)
    if wanted is None and session is not None:
        wanted = next((kind for kind in kinds if kind.kind == VisitType.Kind.SESSION), None)
    return wanted or next(iter(kinds), None)


def _first_day(session: OpenSession | None) -> date | None:
    return session.window.window.earliest if session and session.window else None
