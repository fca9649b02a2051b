"""One visit: what it is, what can be done with it, and what has happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.models import Membership
from mesoclinic.clinic.pages import again
from mesoclinic.clinic.selectors import staff_of
from mesoclinic.common.errors import DomainError
from patients.selectors import ScreeningStatus, screening_status
from scheduling.domain.status import UPCOMING, Status, targets
from scheduling.forms import CancelForm, StatusForm
from scheduling.models import Appointment
from scheduling.selectors.appointments import get_appointment, history
from scheduling.selectors.undoing import last_change
from scheduling.selectors.waitlist import NoShows, no_shows_of
from scheduling.services import StatusChange, cancel_appointment, change_status, ics_for
from scheduling.views.base import StaffView, other_room


@dataclass(frozen=True)
class Step:
    """A button that changes the status."""

    target: str
    label: object
    icon: str
    primary: bool = False


# (from, to): the words on the button. What is missing here has a page of its own (cancel, move).
_STEPS: dict[tuple[str, str], Step] = {
    ("pending", "booked"): Step("booked", gettext_lazy("Book it"), "calendar-check", primary=True),
    ("booked", "arrived"): Step("arrived", gettext_lazy("Check in"), "door-open", primary=True),
    ("confirmed", "arrived"): Step("arrived", gettext_lazy("Check in"), "door-open", primary=True),
    ("booked", "confirmed"): Step("confirmed", gettext_lazy("Confirmed by phone"), "telephone"),
    ("booked", "no_show"): Step("no_show", gettext_lazy("Did not come"), "person-x"),
    ("confirmed", "no_show"): Step("no_show", gettext_lazy("Did not come"), "person-x"),
    ("arrived", "in_session"): Step("in_session", gettext_lazy("Start"), "play-fill", primary=True),
    ("arrived", "booked"): Step("booked", gettext_lazy("Undo check-in"), "arrow-counterclockwise"),
    ("in_session", "done"): Step("done", gettext_lazy("Done"), "check-lg", primary=True),
    ("in_session", "arrived"): Step(
        "arrived", gettext_lazy("Undo start"), "arrow-counterclockwise"
    ),
    ("no_show", "arrived"): Step("arrived", gettext_lazy("Came late: check in"), "door-open"),
    ("no_show", "booked"): Step("booked", gettext_lazy("Undo"), "arrow-counterclockwise"),
    ("cancelled", "booked"): Step(
        "booked", gettext_lazy("Bring back"), "arrow-counterclockwise", primary=True
    ),
    ("on_hold", "booked"): Step("booked", gettext_lazy("Release"), "play-circle", primary=True),
}
_RUNS_LATE = frozenset({"booked", "confirmed", "arrived", "in_session"})
_TREATS = frozenset({"in_session", "done"})


@access(Policy.FRONT_DESK)
class AppointmentDetail(StaffView):
    """The visit's page."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Details, buttons, history."""
        clinic = self.request.clinic
        visit = get_appointment(clinic, pk)
        self.shown([visit.patient_id], "visit", str(pk))
        context = {
            "visit": visit,
            "title": visit.title,
            "steps": self._steps(visit),
            "history": history(clinic, visit),
            "movable": visit.status in UPCOMING,
            "cancellable": Status.CANCELLED in targets(visit.status),
            "past": visit.during.upper <= self.now,
            "undo": last_change(clinic, self.request.actor, visit, self.now),
            "pushable": self._is_today(visit) and visit.status in _RUNS_LATE,
            "no_shows": self._no_shows(visit),
            "screening": self._screening(visit),
            "unlicensed": self._unlicensed(visit),
            "clinical": self.clinical,
        }
        return render(request, "scheduling/appointment.html", context)

    def _screening(self, visit: Appointment) -> ScreeningStatus | None:
        """How the screening stands on the day of a visit to come that needs one."""
        to_come = visit.status in {*UPCOMING, Status.ARRIVED}
        if not to_come or not visit.visit_type.needs_licence:
            return None
        day = self.request.clinic.local(visit.during.lower).date()
        return screening_status(visit.patient, max(day, self.today))

    def _unlicensed(self, visit: Appointment) -> Membership | None:
        """Whoever would inject that day without a valid licence: booked before it ran out."""
        to_come = visit.status in {*UPCOMING, Status.ARRIVED}
        if not to_come or not visit.visit_type.needs_licence:
            return None
        member = staff_of(self.request.clinic).filter(staff=visit.practitioner_id).first()
        day = self.request.clinic.local(visit.during.lower).date()
        lacks = member is not None and member.licence_state(day) in {"none", "expired"}
        return member if lacks else None

    def _is_today(self, visit: Appointment) -> bool:
        return self.request.clinic.local(visit.during.lower).date() == self.today

    def _no_shows(self, visit: Appointment) -> NoShows | None:
        """How often the patient did not come: asked where it matters."""
        if visit.status != Status.NO_SHOW:
            return None
        return no_shows_of(self.request.clinic, visit.patient, self.now)

    def _steps(self, visit: Appointment) -> list[Step]:
        """The buttons that would be accepted now, by role and by the clock."""
        steps = []
        for target in targets(visit.status):
            step = _STEPS.get((visit.status, target.value))
            if step is not None and self._makes_sense(visit, target):
                steps.append(step)
        return sorted(steps, key=lambda step: not step.primary)

    def _makes_sense(self, visit: Appointment, target: Status) -> bool:
        day = self.request.clinic.local(visit.during.lower).date()
        if target in _TREATS:
            # A session begins and ends with its record, where the gate is asked.
            return self.clinical and visit.planned_session_id is None
        if target is Status.ARRIVED:
            return day <= self.today
        if target is Status.NO_SHOW:
            return bool(visit.during.lower <= self.now)
        return True


@access(Policy.FRONT_DESK)
class AppointmentStatus(StaffView):
    """Where the buttons lead."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Change the status and come back."""
        before = get_appointment(self.request.clinic, pk)
        form = StatusForm(request.POST)
        if form.is_valid():
            data = form.cleaned_data
            change = StatusChange(appointment_id=pk, target=data["target"], reason=data["reason"])
            try:
                visit = change_status(
                    clinic=self.request.clinic, actor=self.request.actor, now=self.now,
                    change=change,
                )  # fmt: skip
                messages.success(request, self._words(before, visit))
            except DomainError as error:
                if error.status == _NOT_FOUND:
                    raise
                messages.error(request, error.message)
        return redirect(self._back(pk))

    def _words(self, before: Appointment, visit: Appointment) -> str:
        words = _("%(name)s: %(status)s.") % {
            "name": visit.patient.name, "status": visit.get_status_display().lower(),
        }  # fmt: skip
        return f"{words} {other_room(before, visit)}".strip()

    def _back(self, pk: UUID) -> Any:
        """To the page that the button stood on: the day, or the visit."""
        if self.request.POST.get("back") == "today":
            return redirect("today").url
        return redirect("scheduling:appointment", pk=pk).url


_NOT_FOUND = 404


@access(Policy.FRONT_DESK)
class AppointmentCancel(StaffView):
    """Cancel with a reason."""

    template = "scheduling/cancel.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What will be cancelled, and the question why."""
        return render(request, self.template, self._context(pk, CancelForm()))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Cancel it."""
        form = CancelForm(request.POST)
        if form.is_valid():
            try:
                self._cancel(pk, form.cleaned_data["reason"])
            except DomainError as error:
                if error.status == _NOT_FOUND:
                    raise
                form.refuse(error)
            else:
                messages.success(request, _("The visit is cancelled; its time is free."))
                return redirect("scheduling:appointment", pk=pk)
        return again(request, self.template, self._context(pk, form))

    def _cancel(self, pk: UUID, reason: str) -> None:
        cancel_appointment(
            clinic=self.request.clinic, actor=self.request.actor, now=self.now,
            appointment_id=pk, reason=reason,
        )  # fmt: skip

    def _context(self, pk: UUID, form: CancelForm) -> dict[str, Any]:
        visit = get_appointment(self.request.clinic, pk)
        self.shown([visit.patient_id], "visit", str(pk))
        return {"visit": visit, "title": visit.title, "form": form}


@access(Policy.FRONT_DESK)
class AppointmentFile(StaffView):
    """The visit as a calendar file."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A download named without any health data."""
        visit = get_appointment(self.request.clinic, pk)
        self.shown([visit.patient_id], "calendar file", str(pk))
        cancelled = visit.status == Status.CANCELLED
        content = ics_for([visit], cancelled=cancelled, now=self.now)
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="visit.ics"'
        return response
