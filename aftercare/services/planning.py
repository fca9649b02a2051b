"""Messages are planned here: from a programme step and what happened, to rows of the outbox.

Called by receivers inside the business transaction, so that a booking and its messages stand or
fall together.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from aftercare.domain.conditions import conditions_of, fits
from aftercare.domain.outbox import LEFT, State
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
from aftercare.selectors.circumstances import About, circumstances
from aftercare.services import ledger
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.querysets import Prepared
from mesoclinic.common.ids import new_id
from mesoclinic.statements import Statement


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


# Put together once: every booking asks it.
_STEPS = Prepared(lambda clinic: ProgrammeStep.objects.for_clinic(clinic).filter(is_active=True))


def plan(
    clinic: Clinic, anchor: ProgrammeStep.Anchor, subjects: Sequence[Subject], *, now: dt.datetime
) -> list[Message]:
    """Write one message for every subject and active step of `anchor`; replays write nothing.

    A step whose time has passed is written as skipped, with the reason, so that the ledger tells.
    """
    return plan_each(clinic, [(anchor, subjects)], now=now)


def plan_each(
    clinic: Clinic,
    wanted: Sequence[tuple[ProgrammeStep.Anchor, Sequence[Subject]]],
    *,
    now: dt.datetime,
) -> list[Message]:
    """The same for several anchors at once: two reads and two inserts, however many messages."""
    if not any(subjects for _anchor, subjects in wanted):
        return []
    steps = _STEPS.all(clinic.pk)
    pairs = meant_for(
        clinic,
        [
            (subject, step)
            for anchor, subjects in wanted
            for subject in subjects
            for step in steps
            if step.anchor == anchor and (subject.is_session or not step.sessions_only)
        ],
    )
    if not pairs:
        return []
    known = _known([subject for subject, _step in pairs])
    messages = [
        _message(clinic, step, subject, now)
        for subject, step in pairs
        if (subject.kind, subject.id, step.key, subject.version) not in known
    ]
    ledger.write_planned(messages, now=now)
    return messages


def meant_for(
    clinic: Clinic, pairs: Sequence[tuple[Subject, ProgrammeStep]]
) -> list[tuple[Subject, ProgrammeStep]]:
    """Those pairs whose step is for the subject by its conditions; no query where none has any."""
    rules = {step: conditions_of(step.conditions, step.which_sessions) for _one, step in pairs}
    asked = {one.id: one for one, step in pairs if not rules[step].is_open}
    if not asked:
        return list(pairs)
    known = circumstances(
        clinic,
        [About(one.kind, one.id, one.patient_id, one.anchor) for one in asked.values()],
        frozenset().union(*(rule.kinds for rule in rules.values())),
    )
    return [
        (one, step)
        for one, step in pairs
        if rules[step].is_open or fits(rules[step], known[one.id])
    ]


def announce(
    clinic: Clinic,
    anchor: ProgrammeStep.Anchor,
    visits: Sequence[Subject],
    *,
    calendar: str,
    now: dt.datetime,
    at: dt.datetime | None = None,
) -> None:
    """Tell each patient once of what was booked, moved or cancelled (`calendar` says which).

    While an announcement of the same kind has not left yet, it takes the visits in: whoever
    cancels seven visits one by one sends one mail. Replays write nothing.
    """
    plan(clinic, anchor, to_announce(clinic, visits, calendar=calendar, now=now, at=at), now=now)


_SAID = Statement("""
SELECT state, context -> 'versions', context -> 'before' FROM aftercare_message
WHERE clinic_id = %(clinic)s AND patient_id = %(patient)s AND context ->> 'calendar' = %(calendar)s
ORDER BY created_at
""")


def to_announce(
    clinic: Clinic,
    visits: Sequence[Subject],
    *,
    calendar: str,
    now: dt.datetime,
    at: dt.datetime | None = None,
) -> list[Subject]:
    """One subject for each patient who is to be told anew; waiting announcements take in the rest.

    The announcement leaves `at` (None: at once).
    """
    by_patient: dict[UUID, list[Subject]] = {}
    for visit in visits:
        by_patient.setdefault(visit.patient_id, []).append(visit)
    told = []
    for patient_id, theirs in by_patient.items():
        earlier = [
            (state, json.loads(versions or "{}"), json.loads(before or "{}"))
            for state, versions, before in _SAID.rows(
                clinic=clinic.pk, patient=patient_id, calendar=calendar
            )
        ]
        known = {pair for _state, versions, _was in earlier for pair in versions.items()}
        fresh = [
            _since_told(visit, earlier)
            for visit in sorted(theirs, key=lambda one: one.anchor)
            if (str(visit.id), visit.version) not in known
        ]
        waits = any(state == State.PLANNED.value for state, *_rest in earlier)
        said = Message.objects.for_clinic(clinic).filter(
            patient_id=patient_id, context__calendar=calendar
        )
        if fresh and not (waits and _joined(said, fresh, now)):
            told.append(_together(fresh, calendar, at or now))
    return told


def _since_told(visit: Subject, earlier: Iterable[tuple[str, Any, Any]]) -> Subject:
    """The visit as against what its patient knows: announcements that never left don't count.

    `earlier`: state, versions and `before` of what was said or meant to be said, in order.
    """
    pk, before = str(visit.id), None
    for state, versions, was in earlier:
        if state not in _OUT:
            before = before or was.get(pk)
        elif pk in versions:
            before = None
    return replace(visit, context={**visit.context, "before": before}) if before else visit


_OUT = frozenset(one.value for one in LEFT | {State.SENDING})


def _joined(said: QuerySet[Message], visits: Sequence[Subject], now: dt.datetime) -> bool:
    """Whether an announcement that waits has taken the visits in."""
    waiting = said.select_for_update(skip_locked=True).filter(state=State.PLANNED.value)
    messages = list(waiting.order_by("pk"))
    for message in messages:
        context = message.context
        names = [*context["appointments"], *(str(visit.id) for visit in visits)]
        context["appointments"] = list(dict.fromkeys(names))
        context["versions"] |= {str(visit.id): visit.version for visit in visits}
        context["before"] = context.get("before", {}) | _before(visits)
        Message.objects.filter(pk=message.pk).update(context=context)
        ledger.note(message, _("It also tells of another visit."), now=now)
    return bool(messages)


def take_back(
    clinic: Clinic, visits: Sequence[Subject], *, calendar: str, why: str, now: dt.datetime
) -> list[Subject]:
    """Leave visits out of announcements that have not left yet; those told of already come back.

    So nobody hears of a booking, a move or a cancellation that was undone within the grace.
    """
    wanted = {str(visit.id) for visit in visits}
    untold: set[str] = set()
    waiting = Message.objects.for_clinic(clinic).filter(
        patient_id__in={visit.patient_id for visit in visits},
        context__calendar=calendar,
        state=State.PLANNED.value,
    )
    for message in waiting.select_for_update(skip_locked=True).order_by("pk"):
        context = message.context
        left = [pk for pk in context["appointments"] if pk not in wanted]
        untold |= wanted & set(context["appointments"])
        if not left:
            ledger.transition(Q(pk=message.pk), to=State.SKIPPED, why=why, now=now)
        elif len(left) < len(context["appointments"]):
            context["appointments"] = left
            Message.objects.filter(pk=message.pk).update(context=context)
            ledger.note(message, why, now=now)
    return [visit for visit in visits if str(visit.id) not in untold]


def _together(visits: Sequence[Subject], calendar: str, now: dt.datetime) -> Subject:
    """One subject for visits of one patient that are told of in one mail."""
    return replace(
        visits[0],
        anchor=now,
        context={
            "appointments": [str(visit.id) for visit in visits],
            "versions": {str(visit.id): visit.version for visit in visits},
            "calendar": calendar,
            "before": _before(visits),
        },
    )


def _before(visits: Sequence[Subject]) -> dict[str, object]:
    """Start and practitioner that visits were moved away from, by visit; empty where none was."""
    return {str(visit.id): visit.context["before"] for visit in visits if "before" in visit.context}


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
    return schedule(anchor, timing_of(step), clinic.zone, now, sending_hours(clinic))


def sending_hours(clinic: Clinic) -> SendingHours:
    """When the clinic's messages leave, as the timing rules read it."""
    return SendingHours(clinic.sending_from, clinic.sending_until)


_KNOWN = Statement("""
SELECT subject_type, subject_id, step_key, schedule_version FROM aftercare_message
WHERE subject_type = ANY (%(kinds)s::varchar[]) AND subject_id = ANY (%(ids)s::uuid[])
""")


def _known(subjects: Sequence[Subject]) -> set[tuple[Any, ...]]:
    kinds, ids = {one.kind for one in subjects}, [one.id for one in subjects]
    return set(_KNOWN.rows(kinds=list(kinds), ids=ids))


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
        channel=step.channel,
        programme_version=step.version,
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
