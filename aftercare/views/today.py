"""Today: who is next, who can't go ahead, who needs me."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from aftercare import selectors
from aftercare.selectors.today import Viewer, board
from aftercare.services import holding
from aftercare.services.heartbeat import waited_too_long
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access, can
from mesoclinic.clinic.http import StaffRequest

_TASKS = 6
_LOOK_BACK = dt.timedelta(days=7)


@access(Policy.FRONT_DESK)
class Today(View):
    """The start page, by role."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """Visits per practitioner, and what waits for this person."""
        now = timezone.now()
        clinic, role = request.clinic, request.membership.role
        viewer = Viewer(request.actor.staff_id, clinical=can(request.actor, Policy.CLINICAL))
        day = board(clinic, clinic.today(now), now=now, viewer=viewer)
        waiting = selectors.count_open_tasks(clinic, role)
        tasks = list(selectors.open_tasks(clinic, role)[:_TASKS])
        shown = [line.appointment.patient_id for line in day.lines]
        record_read(
            request.actor,
            model="scheduling.appointment",
            patients=[*shown, *(task.patient_id for task in tasks)],
        )
        context = {
            "now": now,
            "day": clinic.today(now),
            "board": day,
            "tasks": tasks,
            "more": max(waiting - _TASKS, 0),
            "hold": holding.open_hold(clinic),
            "late": waited_too_long(now=now),
            "failed": selectors.failed_recently(clinic, now - _LOOK_BACK),
        }
        return render(request, "aftercare/today.html", context)
