"""A patient's own visits by link: see, move, cancel, and the calendar to subscribe to.

No health data: days, times and the clinic, as in every mail. A GET changes nothing. The link of a
reminder ("confirm") reaches its one visit, the link "visits" all that are to come.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.calendar import add_days
from mesoclinic.common.errors import DomainError
from patients.exceptions import LinkUnusable
from patients.models import PatientLink
from patients.services import create_link, mark_opened, revoke_links
from patients.views.links import PatientLinkView
from scheduling.exceptions import AppointmentNotFound
from scheduling.forms import read_start
from scheduling.models import Appointment
from scheduling.selectors.booking import STRIP_DAYS
from scheduling.selectors.feeds import patient_visits
from scheduling.selectors.own import may_change, online_rules, own_visit, own_visits, safe_times
from scheduling.services import (
    cancel_own_visit,
    effect_of_own_move,
    move_own_visit,
    own_calendar,
)
from scheduling.views.base import as_date, as_uuid

_PURPOSES = {PatientLink.Purpose.VISITS.value, PatientLink.Purpose.CONFIRM.value}
_FEED_LIFE = dt.timedelta(days=730)
_UNPROCESSABLE = 422


class OwnVisitsView(PatientLinkView):
    """A page of the patient's own visits; says which of them the link reaches."""

    purpose = None
    repeats = True

    def _resolve(self) -> None:
        super()._resolve()
        if self.link.purpose not in _PURPOSES:
            raise LinkUnusable

    def visit(self, pk: UUID) -> Appointment:
        """The visit, if the link reaches it."""
        try:
            if self.link.purpose == PatientLink.Purpose.CONFIRM and self.link.subject_id != pk:
                raise LinkUnusable
            return own_visit(self.clinic, self.patient, pk)
        except AppointmentNotFound:
            raise LinkUnusable from None

    def words(self, visit: Appointment) -> dict[str, object]:
        """The visit as pages say it."""
        rules = online_rules(self.clinic)
        return {
            "visit": visit, "start": self.clinic.local(visit.during.lower),
            "changeable": may_change(visit, rules, self.now), "hours": rules.change_limit_hours,
        }  # fmt: skip


@access(Policy.PATIENT_LINK)
class OwnVisits(OwnVisitsView):
    """The visits to come, each with what can be done."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Day and time of each."""
        rules = online_rules(self.clinic)
        rows = [
            {
                "visit": one, "start": self.clinic.local(one.during.lower),
                "changeable": may_change(one, rules, self.now),
            }
            for one in own_visits(self.clinic, self.patient, self.now)
            if self.link.purpose == PatientLink.Purpose.VISITS or one.pk == self.link.subject_id
        ]  # fmt: skip
        context: dict[str, object] = {
            "rows": rows, "hours": rules.change_limit_hours, "feeds": self._feeds(),
            "all": self.link.purpose == PatientLink.Purpose.VISITS,
        }  # fmt: skip
        return self.page("scheduling/own_visits.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make the calendar's address (an earlier one ends), or end it."""
        if self.link.purpose != PatientLink.Purpose.VISITS:
            raise LinkUnusable
        mark_opened(actor=self.actor, link=self.link, now=self.now)
        purpose = PatientLink.Purpose.CALENDAR
        revoke_links(actor=self.actor, patient=self.patient, purpose=purpose, now=self.now)
        if "stop" in request.POST:
            return redirect("scheduling:own-visits", token=self.token)
        _link, token = create_link(
            actor=self.actor, patient=self.patient, purpose=purpose, subject_id=None,
            expires_at=self.now + _FEED_LIFE, now=self.now,
        )  # fmt: skip
        path = reverse("scheduling:own-calendar", args=[token])
        address = f"{self.clinic.base_url}{path}"
        webcal = f"webcal://{address.partition('://')[2]}"
        return self.page("scheduling/own_calendar.html", {"address": address, "webcal": webcal})

    def _feeds(self) -> bool:
        return PatientLink.objects.filter(
            patient=self.patient, purpose=PatientLink.Purpose.CALENDAR,
            revoked_at__isnull=True, expires_at__gt=self.now,
        ).exists()  # fmt: skip


@access(Policy.PATIENT_LINK)
class OwnMove(OwnVisitsView):
    """Another time: choose one, see what moves along, agree."""

    template = "scheduling/own_move.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The times that can be chosen; with `?slot=` what follows from one."""
        visit = self.visit(pk)
        context = self._context(visit)
        if context["changeable"] and request.GET.get("slot"):
            context |= self._effect(visit, request.GET["slot"])
        return self.page(self.template, context)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Move it, with the later ones that were shown."""
        visit = self.visit(pk)
        mark_opened(actor=self.actor, link=self.link, now=self.now)
        agreed = [one for one in map(as_uuid, request.POST.getlist("later")) if one]
        try:
            start = self._start(request.POST.get("slot", ""))
            moved = move_own_visit(
                clinic=self.clinic, actor=self.actor, now=self.now, visit=visit, start=start,
                agreed=agreed,
            )  # fmt: skip
        except (DomainError, ValueError) as error:
            context = {**self._context(visit), "error": error}
            return self.page(self.template, context, status=_UNPROCESSABLE)
        starts = [self.clinic.local(one.during.lower) for one in moved]
        return self.page("scheduling/own_done.html", {"moved": sorted(starts)})

    def _start(self, text: str) -> dt.datetime:
        return read_start(text.partition("|")[0], self.clinic)

    def _context(self, visit: Appointment) -> dict[str, Any]:
        day = as_date(self.request.GET.get("date")) or self.clinic.today(self.now)
        context: dict[str, Any] = self.words(visit)
        if not context["changeable"]:
            return context
        times = safe_times(self.clinic, visit, day, self.now)
        first = times.strip[0].day
        return {
            **context, "times": times, "slot": self.request.GET.get("slot", ""),
            "strip_before": add_days(first, -STRIP_DAYS), "strip_base": "",
            "strip_after": add_days(first, STRIP_DAYS),
        }  # fmt: skip

    def _effect(self, visit: Appointment, slot: str) -> dict[str, Any]:
        try:
            start = self._start(slot)
            effect = effect_of_own_move(clinic=self.clinic, visit=visit, start=start, now=self.now)
        except (DomainError, ValueError) as error:
            return {"error": error}
        shifts = [
            {
                "pk": one.appointment.pk, "before": self.clinic.local(one.before),
                "after": self.clinic.local(one.after.start),
            }
            for one in effect.shifts
        ]  # fmt: skip
        return {"chosen": self.clinic.local(start), "shifts": shifts, "stays": len(effect.stays)}


@access(Policy.PATIENT_LINK)
class OwnCancel(OwnVisitsView):
    """Cancel a visit until the clinic's limit."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Asks; changes nothing."""
        return self.page("scheduling/own_cancel.html", self.words(self.visit(pk)))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Cancel; pressing twice is harmless."""
        visit = self.visit(pk)
        mark_opened(actor=self.actor, link=self.link, now=self.now)
        cancel_own_visit(
            clinic=self.clinic, actor=self.actor, now=self.now, patient=self.patient,
            appointment_id=visit.pk,
        )  # fmt: skip
        return self.page("scheduling/own_done.html", {"cancelled": self.words(visit)["start"]})


@access(Policy.PATIENT_LINK)
class OwnCalendar(PatientLinkView):
    """The calendar of a patient's visits, read by their calendar program."""

    purpose = PatientLink.Purpose.CALENDAR.value
    repeats = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """iCalendar, METHOD PUBLISH."""
        visits = patient_visits(self.clinic, self.patient, self.now)
        content = own_calendar(self.clinic, visits, self.now)
        return HttpResponse(content, content_type="text/calendar; charset=utf-8")
