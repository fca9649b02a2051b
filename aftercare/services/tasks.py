"""What a person has to do: opened here, claimed and finished in the inbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, override

from aftercare.domain.outbox import State
from aftercare.exceptions import TaskAlreadyDone, TaskNotFound
from aftercare.models import Message, StaffTask, TaskEvent
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.calendar import to_utc
from mesoclinic.common.errors import Invalid
from patients.models import Patient

_SOON = dt.timedelta(hours=4)
_SYSTEM = gettext_noop("the system")


What = TaskEvent.What


@dataclass(frozen=True)
class NewTask:
    """A task to open: about `subject_id`, for `role`, due at an aware instant.

    `title` is marked for translation, not translated: it is stored for readers of any language.
    """

    kind: StaffTask.Kind
    role: StaffTask.Role
    title: str
    subject_id: UUID
    due_at: dt.datetime
    detail: str = ""
    url_name: str = ""
    is_urgent: bool = False
    assigned_to_id: UUID | None = None


def open_task(
    clinic_id: UUID, patient_id: UUID | None, new: NewTask, *, now: dt.datetime
) -> StaffTask:
    """Open a task unless one of its kind about the same subject is open already; return it.

    Runs inside the transaction of what made it necessary.
    """
    found, created = StaffTask.objects.get_or_create(
        kind=new.kind,
        subject_id=new.subject_id,
        done_at=None,
        defaults={
            "clinic_id": clinic_id,
            "patient_id": patient_id,
            "role": new.role,
            "title": new.title[:200],
            "detail": new.detail[:300],
            "url_name": new.url_name,
            "is_urgent": new.is_urgent,
            "due_at": new.due_at,
            "assigned_to_id": new.assigned_to_id,
            "created_at": now,
        },
    )
    if created:
        note([found], What.OPENED, by=_(_SYSTEM), now=now)
    return found


def finished_by_people(
    clinic: Clinic, kind: StaffTask.Kind, *, since: dt.datetime
) -> set[tuple[UUID, str, str]]:
    """Subject, title and detail of the tasks of a kind that a person has finished since then."""
    rows = StaffTask.objects.for_clinic(clinic).filter(kind=kind, done_at__gt=since)
    return set(
        rows.exclude(done_by__in=_system_labels()).values_list("subject_id", "title", "detail")
    )


def _system_labels() -> list[str]:
    """What the system signs with, in whichever language it spoke."""
    labels = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            labels.append(_(_SYSTEM))
    return labels


def closing_time(clinic: Clinic, day: dt.date) -> dt.datetime:
    """Until when what is due on a day is due: while people work, not at midnight, which is read
    as a day too late or too early."""
    return to_utc(dt.datetime.combine(day, clinic.sending_until), clinic.zone)


def keep_true(task: StaffTask, new: NewTask) -> None:
    """Bring the words of an open task up to what is so now: soon out of date, then out of date."""
    words = {"title": new.title[:200], "detail": new.detail[:300]}
    if (task.title, task.detail) != tuple(words.values()):
        StaffTask.objects.filter(pk=task.pk, done_at=None).update(**words)


def note(
    rows: Iterable[StaffTask], what: TaskEvent.What, *, by: str, now: dt.datetime, why: str = ""
) -> None:
    """Write a step into the history of tasks, inside the caller's transaction."""
    TaskEvent.objects.bulk_create(
        TaskEvent(
            clinic_id=row.clinic_id, patient_id=row.patient_id, task=row, what=what, at=now,
            by_label=by[:200], note=why[:300],
        )
        for row in rows
    )  # fmt: skip


def for_message(message: Message, state: State, why: str, *, now: dt.datetime) -> StaffTask:
    """A message that could not be sent, or nobody knows: somebody calls instead.

    A patient without an address, or whose messages come back, is one task, however many messages
    they miss.
    """
    if not message.patient.email:
        return _no_address(message, now)
    known = StaffTask.objects.filter(
        kind=StaffTask.Kind.BOUNCED, subject_id=message.patient_id, done_at=None
    ).first()
    if known is not None and state is not State.HELD:
        return known
    if state is State.HELD:
        kind, title = (
            StaffTask.Kind.MESSAGE_UNCLEAR,
            gettext_noop("unclear whether a message arrived"),
        )
    else:
        kind = StaffTask.Kind.MESSAGE_FAILED
        title = gettext_noop("a message could not be sent, call instead")
    return open_task(
        message.clinic_id,
        message.patient_id,
        NewTask(
            kind=kind,
            role=StaffTask.Role.FRONT_DESK,
            title=title,
            detail=f"{message.title}: {why}",
            subject_id=message.pk,
            url_name="aftercare:message",
            due_at=now + _SOON,
        ),
        now=now,
    )


def _no_address(message: Message, now: dt.datetime) -> StaffTask:
    return open_task(
        message.clinic_id,
        message.patient_id,
        NewTask(
            kind=StaffTask.Kind.NO_ADDRESS,
            role=StaffTask.Role.FRONT_DESK,
            title=gettext_noop("has no e-mail address, call instead"),
            detail=message.title,
            subject_id=message.patient_id,
            url_name="patients:chart",
            due_at=now + _SOON,
        ),
        now=now,
    )


def address_changed(clinic: Clinic, patient: Patient, *, now: dt.datetime) -> StaffTask | None:
    """Close "no address" once there is one; ask whether to send again what failed before.

    Runs inside the transaction of the change. The question is asked only while something that
    failed is still worth sending, and once.
    """
    if not patient.email:
        return None
    outcome = _("There is a new address.")
    close_tasks(kind=StaffTask.Kind.NO_ADDRESS, subject_id=patient.pk, outcome=outcome, now=now)
    count = (
        Message.objects.for_clinic(clinic)
        .filter(patient=patient, state=State.FAILED.value, expires_at__gt=now)
        .count()
    )
    if not count:
        return None
    return open_task(
        clinic.pk,
        patient.pk,
        NewTask(
            kind=StaffTask.Kind.MESSAGE_FAILED,
            role=StaffTask.Role.FRONT_DESK,
            title=gettext_noop("has a new address"),
            detail=ngettext(
                "%(count)s message that failed can be sent again from the chart.",
                "%(count)s messages that failed can be sent again from the chart.",
                count,
            )
            % {"count": count},
            subject_id=patient.pk,
            url_name="patients:chart",
            due_at=now + _SOON,
        ),
        now=now,
    )


def claim_task(*, actor: Actor, clinic: Clinic, task_id: UUID, now: dt.datetime) -> StaffTask:
    """Take a task on oneself; taking over from a colleague is allowed. Raises `TaskAlreadyDone`.

    An urgent one stops going on to the next person.
    """
    with audited(actor):
        task = _locked(clinic, task_id)
        if task.claimed_by_id != actor.staff_id:
            task.claimed_by_id, task.escalate_at = actor.staff_id, None
            task.save(update_fields=["claimed_by", "escalate_at"])
            note([task], What.CLAIMED, by=actor.label, now=now)
    return task


def release_task(*, actor: Actor, clinic: Clinic, task_id: UUID, now: dt.datetime) -> StaffTask:
    """Give a task back, so that somebody else takes it. Raises `TaskAlreadyDone`."""
    with audited(actor):
        task = _locked(clinic, task_id)
        if task.claimed_by_id is not None:
            task.claimed_by = None
            # An urgent one is everybody's again, at once.
            task.escalate_at = now if task.is_urgent else None
            task.save(update_fields=["claimed_by", "escalate_at"])
            note([task], What.RELEASED, by=actor.label, now=now)
    return task


@dataclass(frozen=True)
class Handover:
    """Who is to do a task, and until when (None: as it is). `staff_id` None: nobody in particular."""

    staff_id: UUID | None
    due_at: dt.datetime | None = None


def assign_task(
    *, actor: Actor, clinic: Clinic, task_id: UUID, to: Handover, now: dt.datetime
) -> StaffTask:
    """Give a task to a member of the clinic who may see it, or move its due date.

    Raises `TaskAlreadyDone`, and Invalid for somebody who may not see it or a time that is over.
    """
    with audited(actor):
        task = _locked(clinic, task_id)
        member = _may_do(clinic, task, to.staff_id)
        if task.assigned_to_id != to.staff_id:
            task.assigned_to_id = to.staff_id
            if task.claimed_by_id not in {None, to.staff_id}:
                task.claimed_by = None
            whom = member.display_name if member else str(_("nobody in particular"))
            note([task], What.ASSIGNED, by=actor.label, now=now, why=whom)
        if to.due_at is not None and to.due_at != task.due_at:
            if to.due_at <= now:
                raise Invalid(_("This is over already. Choose a later day."), field="due_on")
            task.due_at = to.due_at
            local = clinic.local(to.due_at)
            note([task], What.DUE, by=actor.label, now=now, why=f"{local:%Y-%m-%d %H:%M}")
        task.save(update_fields=["assigned_to", "claimed_by", "due_at"])
    return task


def _may_do(clinic: Clinic, task: StaffTask, staff_id: UUID | None) -> Membership | None:
    if staff_id is None:
        return None
    rows = Membership.objects.for_clinic(clinic).active().select_related("staff")
    member = rows.filter(staff_id=staff_id).first()
    if member is None or (task.role == StaffTask.Role.CLINICAL and member.role != "practitioner"):
        raise Invalid(_("This person can't do it."), field="staff")
    return member


def finish_task(
    *, actor: Actor, clinic: Clinic, task_id: UUID, outcome: str, now: dt.datetime
) -> StaffTask:
    """Close a task with what came of it. Raises `TaskAlreadyDone`."""
    with audited(actor):
        task = _locked(clinic, task_id)
        _close([task], by=actor.label, outcome=outcome, now=now)
    return task


def close_tasks(
    *, kind: StaffTask.Kind, subject_id: UUID, outcome: str, now: dt.datetime, by: str = ""
) -> None:
    """Close what has settled itself (or what `by` settled), inside the caller's transaction."""
    rows = StaffTask.objects.filter(kind=kind, subject_id=subject_id, done_at=None)
    _close(rows.select_for_update(), by=by or _(_SYSTEM), outcome=outcome, now=now)


def close_tasks_of(
    *, patient_id: UUID, kind: StaffTask.Kind, outcome: str, now: dt.datetime
) -> None:
    """Close all open tasks of a kind about a patient, inside the caller's transaction."""
    rows = StaffTask.objects.filter(kind=kind, patient_id=patient_id, done_at=None)
    _close(rows.select_for_update(), by=_(_SYSTEM), outcome=outcome, now=now)


def _close(rows: Iterable[StaffTask], *, by: str, outcome: str, now: dt.datetime) -> None:
    found = list(rows)
    if not found:
        return
    for task in found:
        task.done_at, task.done_by, task.outcome = now, by[:200], outcome[:300]
        task.escalate_at = None
    StaffTask.objects.bulk_update(found, ["done_at", "done_by", "outcome", "escalate_at"])
    note(found, What.DONE, by=by, now=now, why=outcome)


def _locked(clinic: Clinic, task_id: UUID) -> StaffTask:
    task = (
        StaffTask.objects.for_clinic(clinic)
        .select_for_update(of=("self",))
        .filter(pk=task_id)
        .first()
    )
    if task is None:
        raise TaskNotFound
    if task.done_at is not None:
        raise TaskAlreadyDone
    return task
