"""What patients reach by a mailed link: confirming a visit. No health data: day, time, clinic."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from mesoclinic.clinic.access import Policy, access
from patients.exceptions import LinkUnusable
from patients.services import mark_opened, mark_used
from patients.views.links import PatientLinkView
from scheduling.domain.status import Status
from scheduling.exceptions import AppointmentNotFound, in_patients_words
from scheduling.models import Appointment
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.own import may_change, online_rules
from scheduling.services import confirm_appointment


@access(Policy.PATIENT_LINK)
class LinkConfirm(PatientLinkView):
    """ "Yes, I will come": a GET shows the time and changes nothing, a POST confirms."""

    purpose = "confirm"
    repeats = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """Day and time, and one button."""
        return self._page(self._visit())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Confirm; pressing twice is harmless."""
        visit = self._visit()
        mark_opened(actor=self.actor, link=self.link, now=self.now)
        if visit.status == Status.BOOKED and visit.during.lower > self.now:
            with in_patients_words():
                visit = confirm_appointment(
                    clinic=self.clinic, actor=self.actor, now=self.now, appointment_id=visit.pk
                )
            mark_used(actor=self.actor, link=self.link, now=self.now)
        return self._page(visit)

    def _visit(self) -> Appointment:
        """The visit that the link is about; a link of somebody else's visit can't exist."""
        try:
            if self.link.subject_id is None:
                raise LinkUnusable
            visit = get_appointment(self.clinic, self.link.subject_id)
        except AppointmentNotFound:
            raise LinkUnusable from None
        if visit.patient_id != self.patient.pk:
            raise LinkUnusable
        return visit

    def _page(self, visit: Appointment) -> HttpResponse:
        local = self.clinic.local(visit.during.lower)
        context = {
            "day": local.date(),
            "time": local.time(),
            "state": self._state(visit),
            "zone": self.clinic.time_zone,
            "visit": visit.pk,
            "changeable": may_change(visit, online_rules(self.clinic), self.now),
        }
        return self.page("scheduling/link_confirm.html", context)

    def _state(self, visit: Appointment) -> str:
        """ "ask", "confirmed", "over" or "off": what the page can say without health data."""
        if visit.status in {Status.CANCELLED, Status.ON_HOLD, Status.PENDING}:
            return "off"
        if visit.status == Status.BOOKED and visit.during.lower > self.now:
            return "ask"
        return "confirmed" if visit.status == Status.CONFIRMED else "over"
