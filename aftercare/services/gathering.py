"""Sparing the patient: one message where several fall together, and not too many in a day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from aftercare.domain.outbox import State
from aftercare.domain.timing import is_expired, next_allowed
from aftercare.models import Channel, Message, MessageSettings, MessageTemplate, ProgrammeStep
from aftercare.services import ledger
from aftercare.services.planning import sending_hours
from aftercare.services.rendering import variables_in
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import add_days, to_utc
from patients.models import ContactPreference
from treatments.models import SessionRecord

# Two of one kind that are due within half a day are told in one.
_TOGETHER = dt.timedelta(hours=12)
_DEFAULT_CAP = 2
# What was due in the last sending hour may take this long to leave.
_EVENING = dt.timedelta(hours=1)
# A link of these answers for one visit: what holds one stays a message of its own.
_OWN_ANSWER = frozenset({"confirm_link", "checkin_link"})


@dataclass(frozen=True)
class Put:
    """What becomes of a claimed message that does not leave now; `again_at` where it waits."""

    message: Message
    state: State
    why: str
    again_at: dt.datetime | None = None


def told_by_another(
    batch: Sequence[Message], templates: Mapping[UUID, MessageTemplate], now: dt.datetime
) -> list[Put]:
    """Let one reminder speak of all visits of its patient that the same step would remind of now.

    Takes planned ones in, too, which fall due within half a day; in the caller's transaction.
    Returns those of the batch that another one of it speaks for.
    """
    first: dict[tuple[UUID, str], Message] = {}
    put = []
    for message in batch:
        if not _may_join(message, templates):
            continue
        leader = first.setdefault((message.patient_id, message.step_key), message)
        if leader is not message:
            _take_in(leader, message)
            put.append(Put(message, State.SKIPPED, _told()))
    changed = {one.pk: one for one in first.values() if "appointments" in one.context}
    for sibling in _planned_siblings(first, now):
        leader = first[sibling.patient_id, sibling.step_key]
        _take_in(leader, sibling)
        ledger.apply([sibling], to=State.SKIPPED, why=_told(), now=now)
        changed[leader.pk] = leader
    Message.objects.bulk_update(changed.values(), ["context"])
    return put


def late_watch_once(batch: Sequence[Message], now: dt.datetime) -> list[Put]:
    """Ask once for signs of late infection where the weeks after several sessions meet on a day.

    The oldest session of the batch is asked about: a later day is never judged more mildly. Takes
    planned ones in, too, which fall due within half a day; in the caller's transaction.
    """
    held = [one for one in batch if one.subject_type == "session"]
    deep = ProgrammeStep.objects.filter(anchor=ProgrammeStep.Anchor.DEEP)
    steps = set(
        deep.filter(clinic__in={one.clinic_id for one in held}).values_list("clinic_id", "key")
    )
    asked = [one for one in held if (one.clinic_id, one.step_key) in steps]
    if not asked:
        return []
    sessions = SessionRecord.objects.filter(pk__in={one.subject_id for one in asked})
    signed = dict(sessions.values_list("pk", "signed_at"))
    oldest: dict[UUID, Message] = {}
    for message in sorted(asked, key=lambda one: (signed.get(one.subject_id) or now, one.pk)):
        oldest.setdefault(message.patient_id, message)
    planned = _planned(set(oldest), {key for _clinic, key in steps}, "session", now)
    ledger.apply(planned, to=State.SKIPPED, why=_told(), now=now)
    _last_as_long(oldest, [*asked, *planned])
    spoken = {one.pk for one in oldest.values()}
    return [Put(one, State.SKIPPED, _told()) for one in asked if one.pk not in spoken]


def in_the_night(batch: Sequence[Message], now: dt.datetime) -> list[Put]:
    """Those of the batch that wait for the clinic's morning: they are late, and people sleep.

    What was planned for the day is due by day; after an outage or a failed try it may come up at
    night. Urgent messages leave at any hour, and so does a mail, which wakes nobody, where the
    morning would be too late for it.
    """
    put = []
    for message in batch:
        clinic = message.clinic
        morning = next_allowed(now - _EVENING, clinic.zone, sending_hours(clinic))
        if message.is_urgent or morning <= now:
            continue
        if not is_expired(message.expires_at, morning):
            put.append(Put(message, State.PLANNED, _("It waits for the morning."), morning))
        elif message.channel != Channel.EMAIL:
            why = _("It came up at night, and the morning is too late for it.")
            put.append(Put(message, State.EXPIRED, why))
    return put


def beyond_the_cap(batch: Sequence[Message], now: dt.datetime) -> list[Put]:
    """Those of the batch with which a patient would get more in a day than the clinic wants.

    Reminders, urgent messages and what is needed for care always leave. The rest waits for the
    next morning, unless it would be stale by then.
    """
    counted = [message for message in batch if _counts(message)]
    if not counted:
        return []
    rows = MessageSettings.objects.filter(clinic__in={one.clinic_id for one in counted})
    caps = dict(rows.values_list("clinic_id", "daily_cap"))
    had = _had_today(counted, now)
    put = []
    for message in counted:
        had[message.patient_id] += 1
        if had[message.patient_id] > caps.get(message.clinic_id, _DEFAULT_CAP):
            put.append(_later(message, now))
    return put


def _last_as_long(leaders: Mapping[UUID, Message], spoken_for: Sequence[Message]) -> None:
    """What speaks for others is worth sending as long as any of them: it may have to wait."""
    longer = set()
    for one in spoken_for:
        leader = leaders[one.patient_id]
        if one.expires_at > leader.expires_at:
            leader.expires_at = one.expires_at
            longer.add(leader)
    if longer:
        Message.objects.bulk_update(longer, ["expires_at"])


def _may_join(message: Message, templates: Mapping[UUID, MessageTemplate]) -> bool:
    template = templates.get(message.pk)
    return (
        message.subject_type == "appointment"
        and "calendar" not in message.context
        and template is not None
        and _OWN_ANSWER.isdisjoint(variables_in(template.body))
    )


def _planned_siblings(
    leaders: Mapping[tuple[UUID, str], Message], now: dt.datetime
) -> list[Message]:
    if not leaders:
        return []
    rows = _planned(
        {patient for patient, _step in leaders}, {step for _patient, step in leaders},
        "appointment", now,
    )  # fmt: skip
    return [one for one in rows if (one.patient_id, one.step_key) in leaders]


def _planned(
    patients: AbstractSet[UUID], steps: AbstractSet[str], subject_type: str, now: dt.datetime
) -> list[Message]:
    """Planned messages of these patients and steps that fall due within half a day, locked."""
    rows = Message.objects.select_for_update(skip_locked=True).filter(
        patient__in=patients,
        step_key__in=steps,
        subject_type=subject_type,
        state=State.PLANNED.value,
        due_at__lte=now + _TOGETHER,
        expires_at__gt=now,
    )
    return list(rows.order_by("pk"))


def _take_in(leader: Message, other: Message) -> None:
    context = leader.context
    context.setdefault("appointments", [str(leader.subject_id)])
    context.setdefault("versions", {str(leader.subject_id): leader.schedule_version})
    context["appointments"].append(str(other.subject_id))
    context["versions"][str(other.subject_id)] = other.schedule_version


def _told() -> str:
    return _("Told together with another message to the patient.")


def _counts(message: Message) -> bool:
    return not (
        message.is_urgent
        or message.is_essential
        or message.purpose == ContactPreference.Purpose.VISITS
    )


def _had_today(messages: Sequence[Message], now: dt.datetime) -> Counter[UUID]:
    """How many such messages each patient has had on this day of the clinic."""
    since = min(_midnight(one.clinic, now) for one in messages)
    rows = (
        Message.objects.filter(patient__in={one.patient_id for one in messages})
        .filter(sent_at__gte=since, is_urgent=False, is_essential=False)
        .filter(~Q(purpose=ContactPreference.Purpose.VISITS))
        .order_by()
        .values_list("patient_id")
        .annotate(n=Count("pk"))
    )
    return Counter(dict(rows))


def _later(message: Message, now: dt.datetime) -> Put:
    clinic = message.clinic
    tomorrow = to_utc(
        dt.datetime.combine(add_days(clinic.today(now), 1), clinic.sending_from), clinic.zone
    )
    if is_expired(message.expires_at, tomorrow):
        why = _("The patient had enough messages today, and tomorrow is too late for it.")
        return Put(message, State.SUPPRESSED, why)
    why = _("The patient had enough messages today; it waits for tomorrow.")
    return Put(message, State.PLANNED, why, tomorrow)


def _midnight(clinic: Clinic, now: dt.datetime) -> dt.datetime:
    return to_utc(dt.datetime.combine(clinic.today(now), dt.time(0)), clinic.zone)
