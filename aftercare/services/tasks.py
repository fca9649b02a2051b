"""What a person has to do: opened here, claimed and finished in the inbox."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftercare.domain.outbox import State
from aftercare.exceptions import TaskAlreadyDone, TaskNotFound
from aftercare.models import Message, StaffTask
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from patients.models import Patient

_SOON = dt.timedelta(hours=4)


@dataclass(frozen=True)
class NewTask:
    """A task to open: about `subject_id`, for `role`, due at an aware instant."""

    kind: StaffTask.Kind
    role: StaffTask.Role
    title: str
    subject_id: UUID
    due_at: dt.datetime
    detail: str = ""
    url_name: str = ""
    is_urgent: bool = False


def open_task(clinic_id: UUID, patient_id: UUID, new: NewTask) -> StaffTask:
    """Open a task unless one of its kind about the same subject is open already; return it.

    Runs inside the transaction of what made it necessary.
    """
    found, _created = StaffTask.objects.get_or_create(
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
        },
    )
    return found


def for_message(message: Message, state: State, why: str, *, now: dt.datetime) -> StaffTask:
    """A message that could not be sent, or nobody knows: somebody calls instead.

    A patient without an address is one task, however many messages they miss.
    """
    if not message.patient.email:
        return _no_address(message, now)
    if state is State.HELD:
        kind, title = StaffTask.Kind.MESSAGE_UNCLEAR, _("unclear whether a message arrived")
    else:
        kind, title = StaffTask.Kind.MESSAGE_FAILED, _("a message could not be sent, call instead")
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
    )


def _no_address(message: Message, now: dt.datetime) -> StaffTask:
    return open_task(
        message.clinic_id,
        message.patient_id,
        NewTask(
            kind=StaffTask.Kind.NO_ADDRESS,
            role=StaffTask.Role.FRONT_DESK,
            title=_("has no e-mail address, call instead"),
            detail=message.title,
            subject_id=message.patient_id,
            url_name="patients:chart",
            due_at=now + _SOON,
        ),
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
            title=_("has a new address"),
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
    )


def claim_task(*, actor: Actor, clinic: Clinic, task_id: UUID) -> StaffTask:
    """Take a task on oneself; taking over from a colleague is allowed. Raises `TaskAlreadyDone`."""
    with audited(actor):
        task = _locked(clinic, task_id)
        task.claimed_by_id = actor.staff_id
        task.save(update_fields=["claimed_by"])
    return task


def finish_task(
    *, actor: Actor, clinic: Clinic, task_id: UUID, outcome: str, now: dt.datetime
) -> StaffTask:
    """Close a task with what came of it. Raises `TaskAlreadyDone`."""
    with audited(actor):
        task = _locked(clinic, task_id)
        task.done_at = now
        task.done_by = actor.label
        task.outcome = outcome[:300]
        task.save(update_fields=["done_at", "done_by", "outcome"])
    return task


def close_tasks(*, kind: StaffTask.Kind, subject_id: UUID, outcome: str, now: dt.datetime) -> None:
    """Close what has settled itself, inside the caller's transaction."""
    StaffTask.objects.filter(kind=kind, subject_id=subject_id, done_at=None).update(
        done_at=now, done_by=_("the system"), outcome=outcome[:300]
    )


def close_tasks_of(
    *, patient_id: UUID, kind: StaffTask.Kind, outcome: str, now: dt.datetime
) -> None:
    """Close all open tasks of a kind about a patient, inside the caller's transaction."""
    StaffTask.objects.filter(kind=kind, patient_id=patient_id, done_at=None).update(
        done_at=now, done_by=_("the system"), outcome=outcome[:300]
    )


def _locked(clinic: Clinic, task_id: UUID) -> StaffTask:
    task = StaffTask.objects.for_clinic(clinic).select_for_update().filter(pk=task_id).first()
    if task is None:
        raise TaskNotFound
    if task.done_at is not None:
        raise TaskAlreadyDone
    return task
