"""The inbox: what waits for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from aftercare import selectors
from aftercare.forms import AssignForm, FinishTaskForm, InboxForm
from aftercare.models import StaffTask
from aftercare.selectors.inbox import InboxFilter, Looker, inbox, steps_of, urgent_tasks, who_may_do
from aftercare.services import tasks
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import StaffRequest
from mesoclinic.clinic.pages import StaffPage
from mesoclinic.clinic.spreadsheets import csv_file
from mesoclinic.common.errors import Invalid

_SHOWN = 200
_EXPORTED = 5000
UNPROCESSABLE = 422
MODEL = "aftercare.stafftask"


def by_kind(rows: Sequence[StaffTask]) -> list[tuple[str, list[StaffTask]]]:
    """What is urgent, then the rest by kind; within each the order stays."""
    groups: dict[str, list[StaffTask]] = {}
    for task in rows:
        title = _("Urgent") if task.is_urgent else task.get_kind_display()
        groups.setdefault(str(title), []).append(task)
    return list(groups.items())


def patients_of(rows: Iterable[StaffTask]) -> list[UUID]:
    """Whose data a list of tasks shows, for the audit row."""
    return [row.patient_id for row in rows if row.patient_id is not None]


@access(Policy.FRONT_DESK)
class Inbox(StaffPage):
    """Tasks of the person's role: open, or finished last; searched, filtered, exported."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """`?done=1` shows what is finished, `?export=csv` hands it out."""
        form = InboxForm(request.GET)
        wanted = form.wanted()
        member = self.request.membership
        looker = Looker(member.staff_id, member.role)
        found = inbox(self.request.clinic, looker, wanted, now=self.now)
        exports = request.GET.get("export") == "csv"
        rows = list(found[: _EXPORTED if exports else _SHOWN])
        record_read(self.request.actor, model=MODEL, patients=patients_of(rows))
        if exports:
            return csv_file("tasks", _HEAD, (_csv_row(self.request, row) for row in rows))
        return render(request, "aftercare/inbox.html", self._page(form, wanted, rows))

    def _page(
        self, form: InboxForm, wanted: InboxFilter, rows: list[StaffTask]
    ) -> dict[str, object]:
        clinic, role = self.request.clinic, self.request.membership.role
        count = selectors.count_open_tasks(clinic, role)
        narrow = wanted != InboxFilter(done=wanted.done)
        query = {key: value for key, value in self.request.GET.items() if key != "export"}
        return {
            "groups": [(_("Finished last"), rows)] if wanted.done else by_kind(rows),
            "count": count,
            "hidden": 0 if wanted.done or narrow else count - len(rows),
            "shows_done": wanted.done,
            "is_filtered": narrow,
            "filters": form,
            "export_url": f"?{urlencode({**query, 'export': 'csv'})}",
            "form": FinishTaskForm(),
            "now": self.now,
        }


_HEAD = [
    "kind", "patient", "title", "detail", "urgent", "due_at", "assigned_to", "claimed_by",
    "done_at", "done_by", "outcome",
]  # fmt: skip


def _csv_row(request: StaffRequest, task: StaffTask) -> list[str]:
    def local(at: dt.datetime | None) -> str:
        return request.clinic.local(at).isoformat(timespec="minutes") if at else ""

    return [
        str(task.get_kind_display()), task.patient.name if task.patient else "", task.heading,
        task.detail, "1" if task.is_urgent else "", local(task.due_at),
        task.assigned_to.full_name if task.assigned_to else "",
        task.claimed_by.full_name if task.claimed_by else "", local(task.done_at), task.done_by,
        task.outcome,
    ]  # fmt: skip


@access(Policy.FRONT_DESK)
class InboxCount(View):
    """The badge in the navigation, and a banner for what is urgent; asked every few seconds."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """How many tasks are open, as a fragment, and the urgent ones that nobody has taken."""
        role = request.membership.role
        urgent = urgent_tasks(request.clinic, role)
        count = selectors.count_open_tasks(request.clinic, role)
        context = {"count": count, "urgent": urgent, "now": timezone.now()}
        return render(request, "aftercare/_count.html", context)


@access(Policy.FRONT_DESK)
class TaskDetail(StaffPage):
    """One task with its history; here it is handed over."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Who has it, until when, and what became of it."""
        task = selectors.task(self.request.clinic, self.request.membership.role, pk)
        return self._show(task, self._form(task))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Give it to somebody, or move its day."""
        clinic = self.request.clinic
        task = selectors.task(clinic, self.request.membership.role, pk)
        form = self._form(task, request.POST)
        if not form.is_valid():
            return self._show(task, form, UNPROCESSABLE)
        due = tasks.closing_time(clinic, form.day) if form.day else None
        try:
            tasks.assign_task(
                actor=self.request.actor, clinic=clinic, task_id=pk,
                to=tasks.Handover(form.staff_id, due), now=self.now,
            )  # fmt: skip
        except Invalid as error:
            form.refuse(error)
            return self._show(task, form, UNPROCESSABLE)
        flash.success(request, _("Handed over."))
        return redirect("aftercare:task", pk=pk)

    def _form(self, task: StaffTask, data: object = None) -> AssignForm:
        people = [
            (str(one.staff_id), one.display_name) for one in who_may_do(self.request.clinic, task)
        ]
        initial = {"staff": str(task.assigned_to_id or "")}
        return AssignForm(people, data, initial=initial)

    def _show(self, task: StaffTask, form: AssignForm, status: int = 200) -> HttpResponse:
        record_read(
            self.request.actor, model=MODEL, patients=patients_of([task]), object_id=str(task.pk)
        )
        context = {
            "task": task, "form": form, "finish": FinishTaskForm(), "steps": steps_of(task),
            "now": self.now,
        }  # fmt: skip
        return render(self.request, "aftercare/task.html", context, status=status)


@access(Policy.FRONT_DESK)
class ClaimTask(StaffPage):
    """Take a task on oneself; an urgent one opens at once."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """To what it is about, else back to the inbox."""
        task = selectors.task(self.request.clinic, self.request.membership.role, pk)
        tasks.claim_task(
            actor=self.request.actor, clinic=self.request.clinic, task_id=task.pk, now=self.now
        )
        if task.is_urgent and task.url:
            return redirect(task.url)
        return redirect("aftercare:inbox")


@access(Policy.FRONT_DESK)
class ReleaseTask(StaffPage):
    """Give a task back."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Back to the task."""
        task = selectors.task(self.request.clinic, self.request.membership.role, pk)
        tasks.release_task(
            actor=self.request.actor, clinic=self.request.clinic, task_id=task.pk, now=self.now
        )
        flash.success(request, _("It is nobody's again."))
        return redirect("aftercare:task", pk=pk)


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
