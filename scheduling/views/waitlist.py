"""The waiting list: who waits, joining, leaving, and offering a free time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from mesoclinic.clinic.selectors import practitioners_of
from mesoclinic.clinic.spreadsheets import csv_file
from mesoclinic.common.errors import DomainError
from patients.selectors import get_patient
from scheduling.forms.waitlist import OfferForm, WaitlistForm
from scheduling.models import Appointment, WaitlistOffer
from scheduling.selectors import waitlist as selectors
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.booking import open_sessions_of, visit_types
from scheduling.services import join_waitlist, leave_waitlist, offer_gap
from scheduling.views.base import StaffView, as_uuid

# The most urgent ones; the list itself shows everybody.
_CARDS = 24


@access(Policy.FRONT_DESK)
class Waitlist(StaffView):
    """Who waits, the most urgent first; `?q=` and `?visit_type=` narrow it, `?export=csv` takes it.

    `?part=calendar` gives the cards that the calendar shows beside its picture.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list."""
        clinic = self.request.clinic
        rows = selectors.entries(clinic)
        query, kind = request.GET.get("q", "").strip()[:100], as_uuid(request.GET.get("visit_type"))
        if query:
            rows = rows.filter(patient__name__icontains=query)
        if kind:
            rows = rows.filter(visit_type=kind)
        lines = selectors.waiting_lines(clinic, self.now, rows)
        self.shown([line.entry.patient_id for line in lines], "waiting list")
        if request.GET.get("export") == "csv":
            return csv_file("waiting-list", _HEAD, (_row(clinic, line) for line in lines))
        if request.GET.get("part") == "calendar":
            return render(request, "scheduling/_waiting_cards.html", {"lines": lines[:_CARDS]})
        context = {
            "lines": lines, "query": query, "kind": kind, "kinds": visit_types(clinic),
            "filtered": bool(query or kind),
        }  # fmt: skip
        return render(request, "scheduling/waitlist.html", context)


_HEAD = (
    gettext_lazy("Patient"), gettext_lazy("Phone"), gettext_lazy("Visit"),
    gettext_lazy("Window ends in days"), gettext_lazy("Waiting since"),
)  # fmt: skip


def _row(clinic: Any, line: selectors.Line) -> list[object]:
    entry = line.entry
    since = formats.date_format(clinic.local(entry.created_at), "Y-m-d")
    left = "" if line.days_left is None else line.days_left
    return [entry.patient.name, entry.patient.phone, entry.visit_type.name, left, since]


@access(Policy.FRONT_DESK)
class WaitlistJoin(StaffView):
    """Put a patient on the list: `?patient=`, or `?appointment=` for an earlier time."""

    template = "scheduling/waitlist_join.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form, filled with what is known."""
        visit = self._visit()
        initial: dict[str, object] = {}
        if visit is not None:
            initial = {"visit_type": visit.visit_type_id, "last_day": None}
        form = WaitlistForm(initial=initial, clinic=self.request.clinic)
        return render(request, self.template, self._context(form, visit))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Write it down."""
        visit = self._visit()
        form = WaitlistForm(request.POST, clinic=self.request.clinic)
        if form.is_valid():
            try:
                entry = join_waitlist(
                    clinic=self.request.clinic, actor=self.request.actor, now=self.now,
                    wish=form.to_wish(self._patient(visit), visit),
                )  # fmt: skip
            except DomainError as error:
                form.refuse(error)
            else:
                text = _("%(name)s is on the waiting list.") % {"name": entry.patient.name}
                messages.success(request, text)
                return redirect("scheduling:waitlist")
        return again(request, self.template, self._context(form, visit))

    def _visit(self) -> Appointment | None:
        pk = as_uuid(self.request.GET.get("appointment"))
        return get_appointment(self.request.clinic, pk) if pk else None

    def _patient(self, visit: Appointment | None) -> UUID | None:
        return visit.patient_id if visit else as_uuid(self.request.GET.get("patient"))

    def _context(self, form: WaitlistForm, visit: Appointment | None) -> dict[str, Any]:
        clinic, pk = self.request.clinic, self._patient(visit)
        patient = get_patient(clinic, pk) if pk else None
        self.shown([patient.pk] if patient else [], "waiting list")
        return {
            "form": form, "visit": visit, "patient": patient, "kinds": visit_types(clinic),
            "members": practitioners_of(clinic),
            "sessions": open_sessions_of(clinic, patient, self.now) if patient else [],
        }  # fmt: skip


@access(Policy.FRONT_DESK)
class WaitlistLeave(StaffView):
    """Take somebody off the list."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Off it, and back to the list."""
        entry = leave_waitlist(
            clinic=self.request.clinic, actor=self.request.actor, now=self.now, entry_id=pk
        )
        text = _("%(name)s is off the waiting list.") % {"name": entry.patient.name}
        messages.success(request, text)
        return redirect("scheduling:waitlist")


@access(Policy.FRONT_DESK)
class WaitlistOfferGap(StaffView):
    """Offer a free time to whom it suits best: the button beside free time on Today."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """One patient gets a mail; the time is kept for them."""
        form = OfferForm(request.POST)
        if form.is_valid():
            try:
                offer = offer_gap(
                    clinic=self.request.clinic, actor=self.request.actor, now=self.now,
                    practitioner_id=form.cleaned_data["practitioner"], gap=form.gap,
                )  # fmt: skip
                messages.success(request, self._words(offer))
            except DomainError as error:
                messages.error(request, error.message)
        else:
            messages.error(request, _("This time has passed. Look at the day again."))
        return redirect("today")

    def _words(self, offer: WaitlistOffer) -> str:
        local = self.request.clinic.local
        return _("%(time)s is offered to %(name)s and kept until %(until)s.") % {
            "time": formats.time_format(local(offer.hold.during.lower), "H:i"),
            "name": offer.patient.name,
            "until": formats.time_format(local(offer.expires_at), "H:i"),
        }
