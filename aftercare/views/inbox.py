"""The inbox: what waits for a person."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages as flash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from aftercare import selectors
from aftercare.forms import FinishTaskForm
from aftercare.services import tasks
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import StaffRequest


@access(Policy.FRONT_DESK)
class Inbox(View):
    """Open tasks of the person's role, and what was finished last."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """`?done=1` shows what is finished."""
        shows_done = "done" in request.GET
        read = selectors.done_tasks if shows_done else selectors.open_tasks
        rows = list(read(request.clinic, request.membership.role))
        record_read(
            request.actor, model="aftercare.stafftask", patients=[t.patient_id for t in rows]
        )
        context = {
            "tasks": rows, "shows_done": shows_done, "form": FinishTaskForm(), "now": timezone.now()
        }  # fmt: skip
        return render(request, "aftercare/inbox.html", context)


@access(Policy.FRONT_DESK)
class InboxCount(View):
    """The badge in the navigation."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """How many tasks are open, as a fragment (empty for none)."""
        count = selectors.count_open_tasks(request.clinic, request.membership.role)
        return render(request, "aftercare/_count.html", {"count": count})


@access(Policy.FRONT_DESK)
class ClaimTask(View):
    """Take a task on oneself."""

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Back to the inbox."""
        task = selectors.task(request.clinic, request.membership.role, pk)
        tasks.claim_task(actor=request.actor, clinic=request.clinic, task_id=task.pk)
        return redirect("aftercare:inbox")


@access(Policy.FRONT_DESK)
class FinishTask(View):
    """Say what came of a task."""

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Back to the inbox; without an outcome, the form again."""
        task = selectors.task(request.clinic, request.membership.role, pk)
        form = FinishTaskForm(request.POST)
        if not form.is_valid():
            return render(request, "aftercare/finish.html", {"task": task, "form": form})
        tasks.finish_task(
            actor=request.actor, clinic=request.clinic, task_id=task.pk,
            outcome=form.cleaned_data["outcome"], now=timezone.now(),
        )  # fmt: skip
        flash.success(request, _("Done."))
        return redirect("aftercare:inbox")
