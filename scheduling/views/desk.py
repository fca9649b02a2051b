"""Small things of the day: taking the last change back, late arrivals, sessions that run over."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from scheduling.domain.status import UPCOMING
from scheduling.exceptions import NothingToUndo
from scheduling.forms.waitlist import PushForm
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.pushing import InTheWay, effect_of_push, in_the_way, pushed_out
from scheduling.selectors.waitlist import rules_of
from scheduling.services import Push, push_visits, undo_last_change
from scheduling.views.base import StaffView, other_room

_NOT_FOUND = 404


@access(Policy.FRONT_DESK)
class AppointmentUndo(StaffView):
    """Where the undo button leads."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take it back, and back to the visit."""
        before = get_appointment(self.request.clinic, pk)
        try:
            visit = undo_last_change(
                clinic=self.request.clinic, actor=self.request.actor, now=self.now,
                appointment_id=pk, seen=_instant(request.POST.get("at", "")),
            )  # fmt: skip
            words = other_room(before, visit) or _("It is as it was before.")
            messages.success(request, words)
        except DomainError as error:
            messages.error(request, error.message)
        return redirect("scheduling:appointment", pk=pk)


def _instant(text: str) -> datetime:
    """When the change was made that the page has shown."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise NothingToUndo
    return found


@access(Policy.FRONT_DESK)
class AppointmentPush(StaffView):
    """Late, or over time: `?minutes=` shows whom it pushes; POST does it."""

    template = "scheduling/push.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The effect, before anything happens."""
        return render(request, self.template, self._context(pk, PushForm(request.GET or None)))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Push them."""
        form = PushForm(request.POST)
        if form.is_valid():
            try:
                moved = push_visits(
                    clinic=self.request.clinic, actor=self.request.actor, now=self.now,
                    push=Push(appointment_id=pk, minutes=form.chosen),
                )  # fmt: skip
            except DomainError as error:
                if error.status == _NOT_FOUND:
                    raise
                form.refuse(error)
            else:
                messages.success(request, _words(len(moved)))
                return redirect("scheduling:appointment", pk=pk)
        return again(request, self.template, self._context(pk, form))

    def _context(self, pk: UUID, form: PushForm) -> dict[str, Any]:
        clinic = self.request.clinic
        visit = get_appointment(clinic, pk)
        minutes = form.chosen
        effect = effect_of_push(clinic, visit, minutes)
        way = in_the_way(clinic, effect, self.now)
        rows = [*(one.appointment for one in effect), *(one.visit for one in way if one.visit)]
        self.shown([row.patient_id for row in rows], "push", str(pk))
        return {
            "visit": visit, "form": form, "minutes": minutes, "effect": effect[1:],
            "itself": effect[0], "out": pushed_out(clinic, effect), "rules": rules_of(clinic),
            "under_way": visit.status == "in_session", "way": [_said(clinic, one) for one in way],
        }  # fmt: skip


def _said(clinic: Clinic, one: InTheWay) -> dict[str, Any]:
    """In words, with the visit that could be moved first."""
    movable = one.visit is not None and one.visit.status in UPCOMING
    return {
        "title": one.title(clinic), "text": one.detail(clinic),
        "visit": one.visit if movable else None,
    }  # fmt: skip


def _words(count: int) -> str:
    text = ngettext("The visit has its new time.", "%(n)s visits have their new times.", count)
    return text % {"n": count}
