"""Today: who is next, who can't go ahead, who needs me."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from aftercare import selectors
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import StaffRequest


@access(Policy.FRONT_DESK)
class Today(View):
    """The start page, by role."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """Visits per practitioner, and what waits for this person."""
        now = timezone.now()
        tasks = list(selectors.open_tasks(request.clinic, request.membership.role)[:8])
        record_read(
            request.actor, model="aftercare.stafftask", patients=[t.patient_id for t in tasks]
        )
        return render(request, "aftercare/today.html", {"now": now, "tasks": tasks})
