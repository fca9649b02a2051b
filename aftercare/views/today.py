"""Today: who is next, who can't go ahead, who needs me."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from aftercare import selectors
from aftercare.models import StaffTask
from aftercare.selectors.today import Viewer, board
from aftercare.services import holding
from aftercare.services.heartbeat import waited_too_long
from aftercare.views.inbox import patients_of
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access, can
from mesoclinic.clinic.http import StaffRequest
from mesoclinic.clinic.models import Clinic

_TASKS = 6
_DRIFTING = 4
_LOOK_BACK = dt.timedelta(days=7)


def _drift(task: StaffTask, now: dt.datetime, clinic: Clinic) -> tuple[StaffTask, dt.date, int]:
    """A course that drifts, the last day of its window, and how many days are left (or over)."""
    last = clinic.today(task.due_at - dt.timedelta(seconds=1))
    return task, last, (last - clinic.today(now)).days


@access(Policy.FRONT_DESK)
class Today(View):
    """The start page, by role."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """Visits per practitioner, and what waits for this person."""
        now = timezone.now()
        clinic, role = request.clinic, request.membership.role
        viewer = Viewer(request.actor.staff_id, clinical=can(request.actor, Policy.CLINICAL))
        day = board(clinic, clinic.today(now), now=now, viewer=viewer)
        waiting, drifting = selectors.needs_you(clinic, role)
        tasks = waiting[:_TASKS]
        shown = [line.appointment.patient_id for line in day.lines]
        record_read(
            request.actor,
            model="scheduling.appointment",
            patients=[*shown, *patients_of([*tasks, *drifting[:_DRIFTING]])],
        )
        context = {
            "now": now,
            "day": clinic.today(now),
            "board": day,
            "tasks": tasks,
            "hold": holding.open_hold(clinic),
            "late": waited_too_long(now=now),
            "more": max(len(waiting) - _TASKS, 0),
            "drifting": [_drift(task, now, clinic) for task in drifting[:_DRIFTING]],
            "drifting_count": len(drifting),
            "failed": selectors.failed_recently(clinic, now - _LOOK_BACK),
        }
        return render(request, "aftercare/today.html", context)
