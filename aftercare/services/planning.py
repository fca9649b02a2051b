"""Messages are planned here: from a programme step and what happened, to rows of the outbox.

Called by receivers inside the business transaction, so that a booking and its messages stand or
fall together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from aftercare.domain.outbox import State
from aftercare.domain.timing import (
    Offset,
    OffsetUnit,
    Schedule,
    SendingHours,
    SkipReason,
    StepTiming,
    schedule,
)
from aftercare.models import Message, ProgrammeStep
from aftercare.services import ledger
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.ids import new_id


@dataclass(frozen=True)
class Subject:
    """What a message is about: `anchor` is the aware instant its step's offset counts from."""

    kind: str
    id: UUID
    patient_id: UUID
    anchor: dt.datetime
    version: int = 1
    is_session: bool = False
    context: Mapping[str, object] = field(default_factory=dict)


def plan(
    clinic: Clinic, anchor: ProgrammeStep.Anchor, subjects: Sequence[Subject], *, now: dt.datetime
) -> list[Message]:
    """Write one message for every subject and active step of `anchor`; replays write nothing.

    A step whose time has passed is written as skipped, with the reason, so that the ledger tells.
    """
    steps = list(ProgrammeStep.objects.for_clinic(clinic).filter(anchor=anchor, is_active=True))
    if not steps or not subjects:
        return []
    known = _known(subjects)
    messages = [
        _message(clinic, step, subject, now)
        for subject in subjects
        for step in steps
        if (subject.is_session or not step.sessions_only)
        and (subject.kind, subject.id, step.key, subject.version) not in known
    ]
    ledger.write_planned(messages, now=now)
    return messages


def withdraw(
    subject_kind: str, ids: Iterable[UUID], *, why: str, now: dt.datetime
) -> list[Message]:
    """Skip what is still planned about these subjects: it is not wanted any more.

    A message that speaks of several visits stays: which of them still stand is asked when it
    leaves, and the others must not go unannounced.
    """
    return ledger.transition(
        Q(subject_type=subject_kind, subject_id__in=list(ids), state=State.PLANNED.value)
        & Q(context__appointments__1__isnull=True),
        to=State.SKIPPED,
        why=why,
        now=now,
    )


def revive(subject: Subject, *, why: str, now: dt.datetime) -> list[Message]:
    """Plan again what was withdrawn about a subject and whose time is still to come."""
    return ledger.transition(
        Q(subject_type=subject.kind, subject_id=subject.id, schedule_version=subject.version)
        & Q(state=State.SKIPPED.value, due_at__gt=now),
        to=State.PLANNED,
        why=why,
        now=now,
    )


def timing_of(step: ProgrammeStep) -> StepTiming:
    """The step as the timing rules read it."""
    return StepTiming(
        offset=Offset(step.offset, OffsetUnit(step.offset_unit)),
        at_local_time=step.at_local_time,
        urgent=step.is_urgent,
        expires=(
            None if step.expires is None else Offset(step.expires, OffsetUnit(step.expires_unit))
        ),
    )


def when(clinic: Clinic, step: ProgrammeStep, anchor: dt.datetime, *, now: dt.datetime) -> Schedule:
    """When a step's message leaves for an anchor, in the clinic's sending hours."""
    hours = SendingHours(clinic.sending_from, clinic.sending_until)
    return schedule(anchor, timing_of(step), clinic.zone, now, hours)


def _known(subjects: Sequence[Subject]) -> set[tuple[str, UUID, str, int]]:
    rows = Message.objects.filter(
        subject_type__in={s.kind for s in subjects}, subject_id__in=[s.id for s in subjects]
    )
    return set(rows.values_list("subject_type", "subject_id", "step_key", "schedule_version"))


def _message(clinic: Clinic, step: ProgrammeStep, subject: Subject, now: dt.datetime) -> Message:
    planned = when(clinic, step, subject.anchor, now=now)
    pk = new_id()
    local = clinic.local(planned.due_at)
    domain = clinic.sender_email.rpartition("@")[2]
    return Message(
        pk=pk,
        clinic=clinic,
        patient_id=subject.patient_id,
        subject_type=subject.kind,
        subject_id=subject.id,
        title=step.name,
        step_key=step.key,
        schedule_version=subject.version,
        template_key=step.template_key,
        purpose=step.purpose,
        is_urgent=step.is_urgent,
        is_essential=step.is_essential,
        due_at=planned.due_at,
        next_try_at=planned.due_at,
        due_local=f"{local:%Y-%m-%d %H:%M} {clinic.time_zone}",
        expires_at=max(planned.expires_at, planned.due_at),
        state=State.PLANNED.value if planned.skipped is None else State.SKIPPED.value,
        why=_why(step, planned),
        message_id=f"<{pk.hex}@{domain}>",
        context=dict(subject.context),
    )


def _why(step: ProgrammeStep, planned: Schedule) -> str:
    if planned.skipped is SkipReason.LATE_BOOKING:
        return _("Booked too late for it.")
    if planned.skipped is SkipReason.ANCHOR_PASSED:
        return _("Its time had passed already.")
    return _("Planned by the programme: %(step)s.") % {"step": step.name}
