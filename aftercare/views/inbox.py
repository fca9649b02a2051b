"""The inbox: what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages as flash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from aftercare import selectors
from aftercare.forms import FinishTaskForm
from aftercare.models import StaffTask
from aftercare.services import tasks
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import StaffRequest

_SHOWN = 200
UNPROCESSABLE = 422


def by_kind(rows: Sequence[StaffTask]) -> list[tuple[str, list[StaffTask]]]:
    """What is urgent, then the rest by kind; within each the order stays."""
    groups: dict[str, list[StaffTask]] = {}
    for task in rows:
        title = _("Urgent") if task.is_urgent else task.get_kind_display()
        groups.setdefault(str(title), []).append(task)
    return list(groups.items())


@access(Policy.FRONT_DESK)
class Inbox(View):
    """Open tasks of the person's role, and what was finished last."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """`?done=1` shows what is finished."""
        shows_done = "done" in request.GET
        read = selectors.done_tasks if shows_done else selectors.open_tasks
        rows = list(read(request.clinic, request.membership.role)[:_SHOWN])
        record_read(
            request.actor, model="aftercare.stafftask", patients=[t.patient_id for t in rows]
        )
        count = selectors.count_open_tasks(request.clinic, request.membership.role)
        context = {
            "groups": [(_("Finished last"), rows)] if shows_done else by_kind(rows),
            "count": count, "hidden": 0 if shows_done else count - len(rows),
            "shows_done": shows_done, "form": FinishTaskForm(), "now": timezone.now(),
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
            context = {"task": task, "form": form}
            return render(request, "aftercare/finish.html", context, status=UNPROCESSABLE)
        tasks.finish_task(
            actor=request.actor, clinic=request.clinic, task_id=task.pk,
            outcome=form.cleaned_data["outcome"], now=timezone.now(),
        )  # fmt: skip
        flash.success(request, _("Done."))
        return redirect("aftercare:inbox")
