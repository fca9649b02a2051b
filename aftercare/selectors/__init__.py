"""Reads of the aftercare room, scoped to one clinic."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, Func, Q, QuerySet, TextField, Value

from aftercare.domain.codec import from_json
from aftercare.exceptions import CheckInNotFound, MessageNotFound, TaskNotFound
from aftercare.models import CheckIn, Message, StaffTask
from mesoclinic.clinic.models import Clinic, Role
from mesoclinic.common.calendar import day_interval

PAGE = 50
_WAITING = [Message.State.FAILED.value, Message.State.HELD.value]
_SEEN_BY: dict[str, list[str]] = {
    Role.RECEPTIONIST.value: [StaffTask.Role.FRONT_DESK.value],
    Role.PRACTITIONER.value: [one.value for one in StaffTask.Role],
    Role.MANAGER.value: [StaffTask.Role.FRONT_DESK.value, StaffTask.Role.MANAGEMENT.value],
}


def roles_seen_by(role: str) -> list[str]:
    """For whom the tasks are that somebody of this role sees."""
    return _SEEN_BY.get(role, [])


class Show(StrEnum):
    """Which part of the ledger: due until now (newest first), still to come (soonest first), or
    what waits for a person's decision."""

    PAST = "past"
    COMING = "coming"
    WAITING = "waiting"


@dataclass(frozen=True)
class LedgerFilter:
    """What the ledger shows: a part, states, a part of a patient's name, and where to go on from.

    `since` and `until` are local days, both included; `step` is the key of a programme step.
    """

    show: Show = Show.PAST
    state: str = ""
    channel: str = ""
    step: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    patient_id: UUID | None = None
    name: str = ""
    before: tuple[dt.datetime, UUID] | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether more than the part was chosen."""
        return self != LedgerFilter(show=self.show)


@dataclass(frozen=True)
class LedgerPage:
    """One page of messages; `next_key` leads to the page after it."""

    messages: Sequence[Message]
    next_key: tuple[dt.datetime, UUID] | None


def ledger(clinic: Clinic, wanted: LedgerFilter, *, now: dt.datetime) -> LedgerPage:
    """Messages of the clinic by due time, by key set: page 1,000 costs what page 1 costs."""
    found = list(ledger_rows(clinic, wanted, now=now)[: PAGE + 1])
    more = len(found) > PAGE
    page = found[:PAGE]
    return LedgerPage(page, (page[-1].due_at, page[-1].pk) if more else None)


def ledger_rows(clinic: Clinic, wanted: LedgerFilter, *, now: dt.datetime) -> QuerySet[Message]:
    """The messages a filter asks for, in the order of the ledger."""
    rows = _part(Message.objects.for_clinic(clinic).select_related("patient"), wanted.show, now)
    rows = rows.filter(**{
        name: value
        for name, value in (
            ("state", wanted.state), ("channel", wanted.channel), ("step_key", wanted.step),
            ("patient_id", wanted.patient_id),
        )
        if value
    })  # fmt: skip
    if wanted.since:
        rows = rows.filter(due_at__gte=day_interval(wanted.since, clinic.zone).start)
    if wanted.until:
        rows = rows.filter(due_at__lt=day_interval(wanted.until, clinic.zone).end)
    if wanted.name:
        rows = rows.filter(
            patient__search__contains=Func(
                Value(wanted.name), function="mesoclinic_fold", output_field=TextField()
            )
        )
    forward = wanted.show is Show.COMING
    if wanted.before:
        rows = rows.filter(_after(*wanted.before, forward=forward))
    return rows.order_by(*(("due_at", "pk") if forward else ("-due_at", "-pk")))


def _part(rows: QuerySet[Message], show: Show, now: dt.datetime) -> QuerySet[Message]:
    if show is Show.WAITING:
        return rows.filter(state__in=_WAITING)
    return rows.filter(due_at__gt=now) if show is Show.COMING else rows.filter(due_at__lte=now)


def _after(due_at: dt.datetime, pk: UUID, *, forward: bool) -> Q:
    """What comes after a row; the first condition is the one that an index can start from."""
    if forward:
        return Q(due_at__gte=due_at) & (Q(due_at__gt=due_at) | Q(pk__gt=pk))
    return Q(due_at__lte=due_at) & (Q(due_at__lt=due_at) | Q(pk__lt=pk))


def waiting_count(clinic: Clinic) -> int:
    """How many messages wait for a decision."""
    return Message.objects.for_clinic(clinic).filter(state__in=_WAITING).count()


def coming_count(clinic: Clinic, patient_id: UUID | None, *, now: dt.datetime) -> int:
    """How many messages are to come, to everybody or to one patient."""
    rows = ledger_rows(clinic, LedgerFilter(show=Show.COMING, patient_id=patient_id), now=now)
    return rows.filter(state=Message.State.PLANNED).count()


def failed_recently(clinic: Clinic, since: dt.datetime) -> int:
    """How many messages failed or are held since an instant."""
    return Message.objects.for_clinic(clinic).filter(state__in=_WAITING, due_at__gte=since).count()


def message(clinic: Clinic, pk: UUID) -> Message:
    """One message with its patient and history. Raises `MessageNotFound`."""
    found = (
        Message.objects.for_clinic(clinic)
        .select_related("patient")
        .prefetch_related("events")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise MessageNotFound
    return found


def open_tasks(clinic: Clinic, role: str) -> QuerySet[StaffTask]:
    """What waits for somebody of this role, the most urgent first."""
    return (
        StaffTask.objects.for_clinic(clinic)
        .filter(done_at=None, role__in=_SEEN_BY.get(role, []))
        .select_related("patient", "claimed_by", "assigned_to")
        .order_by("-is_urgent", "due_at")
    )


def needs_you(clinic: Clinic, role: str) -> tuple[list[StaffTask], list[StaffTask]]:
    """What waits for this role, and apart from it the courses that drift; one query, 500 at most."""
    rows = list(open_tasks(clinic, role)[:500])
    drift = StaffTask.Kind.OFF_PROTOCOL
    return [row for row in rows if row.kind != drift], [row for row in rows if row.kind == drift]


def count_open_tasks(clinic: Clinic, role: str) -> int:
    """For the badge in the navigation."""
    return open_tasks(clinic, role).order_by().count()


def task(clinic: Clinic, role: str, pk: UUID) -> StaffTask:
    """One task that this role may see. Raises `TaskNotFound`."""
    found = (
        StaffTask.objects.for_clinic(clinic)
        .filter(pk=pk, role__in=_SEEN_BY.get(role, []))
        .select_related("patient", "claimed_by", "assigned_to")
        .first()
    )
    if found is None:
        raise TaskNotFound
    return found


def tasks_about(clinic: Clinic, subject_id: UUID) -> list[StaffTask]:
    """Open tasks about one thing."""
    rows = StaffTask.objects.for_clinic(clinic).filter(subject_id=subject_id, done_at=None)
    return list(rows.select_related("claimed_by", "assigned_to"))


def messages_of(clinic: Clinic, patient_id: UUID) -> QuerySet[Message]:
    """All messages of one patient, latest due first."""
    return Message.objects.for_clinic(clinic).filter(patient_id=patient_id).order_by("-due_at")


def checkins_of(clinic: Clinic, patient_id: UUID) -> QuerySet[CheckIn]:
    """All check-ins of one patient, latest first."""
    return CheckIn.objects.for_clinic(clinic).filter(patient_id=patient_id)


def checkin(clinic: Clinic, pk: UUID, language: str) -> tuple[CheckIn, list[dict[str, object]]]:
    """One check-in, and its effects with their names in `language`. Raises `CheckInNotFound`."""
    found = (
        CheckIn.objects.for_clinic(clinic)
        .select_related("patient", "session__planned_session__plan__indication", "rules")
        .filter(pk=pk, patient__erased_at=None)
        .first()
    )
    if found is None:
        raise CheckInNotFound
    known = from_json(found.rules.spec).by_key
    effects = []
    for one in found.effects:
        effect = known.get(one["effect"])
        name = (effect.name.get(language[:2]) or effect.name["en"]) if effect else one["effect"]
        effects.append({**one, "name": name})
    return found, effects


def states_of(clinic: Clinic, wanted: LedgerFilter, *, now: dt.datetime) -> dict[str, int]:
    """How many messages are in which state, among those a filter asks for in any state."""
    rows = ledger_rows(clinic, replace(wanted, state="", before=None), now=now)
    counted = rows.order_by().values("state").annotate(n=Count("pk"))
    return {row["state"]: row["n"] for row in counted}
