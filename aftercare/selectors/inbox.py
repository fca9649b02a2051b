"""What waits for whom, filtered, and the history of one task."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Func, Q, QuerySet, TextField, Value

from aftercare.models import StaffTask, TaskEvent
from aftercare.selectors import roles_seen_by
from mesoclinic.clinic.models import Clinic, Membership, Role


class Whose(StrEnum):
    """Whose tasks: one's own (claimed, or assigned and free), or nobody's."""

    MINE = "mine"
    FREE = "free"


@dataclass(frozen=True)
class InboxFilter:
    """What the inbox shows. `query` is a part of a patient's name, of a title or of a detail."""

    query: str = ""
    kind: str = ""
    whose: Whose | None = None
    done: bool = False
    late: bool = False


@dataclass(frozen=True)
class Looker:
    """Who looks into the inbox."""

    staff_id: UUID | None
    role: str


def inbox(
    clinic: Clinic, looker: Looker, wanted: InboxFilter, *, now: dt.datetime
) -> QuerySet[StaffTask]:
    """Tasks of the person's role: open ones by urgency and due date, done ones newest first."""
    rows = (
        StaffTask.objects.for_clinic(clinic)
        .filter(role__in=roles_seen_by(looker.role), done_at__isnull=not wanted.done)
        .select_related("patient", "claimed_by", "assigned_to")
    )
    if wanted.query:
        rows = rows.filter(_named(wanted.query))
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.whose is Whose.MINE:
        mine = Q(claimed_by=looker.staff_id) | Q(claimed_by=None, assigned_to=looker.staff_id)
        rows = rows.filter(mine)
    elif wanted.whose is Whose.FREE:
        rows = rows.filter(claimed_by=None, assigned_to=None)
    if wanted.late:
        rows = rows.filter(due_at__lt=now)
    return rows.order_by("-done_at", "pk") if wanted.done else rows.order_by("-is_urgent", "due_at")


def _named(query: str) -> Q:
    folded = Func(Value(query), function="mesoclinic_fold", output_field=TextField())
    return (
        Q(patient__search__contains=folded) | Q(title__icontains=query) | Q(detail__icontains=query)
    )


def urgent_tasks(clinic: Clinic, role: str) -> list[StaffTask]:
    """Patients in trouble whom nobody has taken: they stand on every page of whoever could."""
    return list(
        StaffTask.objects.for_clinic(clinic)
        .filter(done_at=None, kind=StaffTask.Kind.CHECKIN_URGENT, claimed_by=None)
        .filter(role__in=roles_seen_by(role))
        .select_related("patient")
        .order_by("due_at")[:3]
    )


def steps_of(task: StaffTask) -> QuerySet[TaskEvent]:
    """What became of a task, in order."""
    return task.events.order_by("at", "created_at")


def who_may_do(clinic: Clinic, task: StaffTask) -> list[Membership]:
    """The members a task may be given to."""
    rows = Membership.objects.for_clinic(clinic).active().with_staff()
    if task.role == StaffTask.Role.CLINICAL:
        rows = rows.filter(role=Role.PRACTITIONER)
    elif task.role == StaffTask.Role.MANAGEMENT:
        rows = rows.exclude(role=Role.RECEPTIONIST)
    return list(rows)
