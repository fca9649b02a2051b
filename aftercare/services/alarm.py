"""An urgent task reaches a person: alerted at once, then the next one, until somebody takes it.

The rows are written with what made them necessary; `escalate` and `ring` run from Celery's bell,
any number of them at once. What leaves says that somebody is needed, never who or why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from aftercare.exceptions import Certainty, DeliveryError
from aftercare.models import AlarmNumber, CareSettings, StaffAlert, StaffTask, TaskEvent
from aftercare.services import tasks
from aftercare.services.care import settings_of
from aftercare.services.gateway import Short, sender_of
from aftercare.services.transport import Transport
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Membership, Role
from mesoclinic.common.intervals import Interval
from scheduling.selectors.calendars import away

# The whole chain is gone through as often; after that the task stays on every screen, in red.
ROUNDS = 3
_LEASE = dt.timedelta(minutes=2)
_RETRY = dt.timedelta(seconds=30)
_TRIES = 20
_BATCH = 20
State = StaffAlert.State

SendText = Callable[[Short], object]
"""Hands a short message over (`Gateway.hand_over`); raises `DeliveryError`."""


def chain(clinic: Clinic, first: UUID | None, *, now: dt.datetime) -> list[Membership]:
    """Whom to alert, in order: `first` (who gave the session), the other practitioners, managers.

    Whoever is away at this moment comes after those who are not. Four queries at most.
    """
    rows = (
        Membership.objects.for_clinic(clinic)
        .active()
        .filter(role__in=[Role.PRACTITIONER, Role.MANAGER])
        .with_staff()
    )
    absent = away(clinic, Interval(now, now + dt.timedelta(minutes=1))).by_id.keys()
    return sorted(
        rows,
        key=lambda one: (
            one.staff_id in absent, one.role != Role.PRACTITIONER, one.staff_id != first,
            one.staff.full_name,
        ),
    )  # fmt: skip


def raise_alarm(task: StaffTask, *, first: UUID | None, now: dt.datetime, at_once: int = 1) -> None:
    """Alert the first `at_once` people about an urgent task, inside the caller's transaction."""
    people = chain(task.clinic, first, now=now)
    if people:
        task.assigned_to_id = people[0].staff_id
    for _person in people[:at_once]:
        _alert(task, people, now=now)


def escalate(*, now: dt.datetime) -> int:
    """Alert the next person about every urgent task that nobody has taken in time; how many."""
    with audited(Actor.system(label="alarm")):
        rows = list(
            StaffTask.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(done_at=None, claimed_by=None, escalate_at__lte=now)
            .select_related("clinic")[:_BATCH]
        )
        for task in rows:
            _alert(task, chain(task.clinic, task.assigned_to_id, now=now), now=now)
    return len(rows)


def _alert(task: StaffTask, people: list[Membership], *, now: dt.datetime) -> None:
    """The next of `people` in turn."""
    if not people:
        return
    settings = settings_of(task.clinic)
    person = people[task.alert_round % len(people)]
    task.alert_round += 1
    more = task.alert_round < ROUNDS * len(people)
    task.escalate_at = now + dt.timedelta(minutes=settings.escalate_minutes) if more else None
    task.save(update_fields=["assigned_to", "alert_round", "escalate_at"])
    StaffAlert.objects.bulk_create(
        StaffAlert(
            clinic_id=task.clinic_id, task=task, staff_id=person.staff_id, channel=channel,
            round=task.alert_round, next_try_at=now,
        )
        for channel in _channels(settings, person)
    )  # fmt: skip
    by = str(_("the system"))
    tasks.note([task], TaskEvent.What.ALERTED, by=by, now=now, why=person.display_name)


def _channels(settings: CareSettings, person: Membership) -> list[str]:
    channels = [StaffAlert.Channel.EMAIL.value] if settings.alert_by_email else []
    if settings.alert_by_sms:
        numbers = AlarmNumber.objects.filter(clinic=person.clinic_id, staff=person.staff_id)
        channels += [StaffAlert.Channel.SMS.value] if numbers.exists() else []
    return channels


def ring(
    *, now: dt.datetime, transport: Transport, send_text: SendText | None = None
) -> Mapping[str, int]:
    """Send the alerts that are due; how many ended in which state.

    At least once: an alert is claimed with a lease that is committed before it leaves. One whose
    task was taken meanwhile is dropped.
    """
    report: dict[str, int] = {}
    for alert in _claim(now):
        state, why = _ring_one(alert, transport, send_text)
        _settle(alert, state, why, now)
        report[state.value] = report.get(state.value, 0) + 1
    return report


def _claim(now: dt.datetime) -> list[StaffAlert]:
    with transaction.atomic():
        rows = list(
            StaffAlert.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(Q(state=State.PLANNED) | Q(state=State.SENDING), next_try_at__lte=now)
            .select_related("task__clinic", "staff")
            .order_by("next_try_at")[:_BATCH]
        )
        for row in rows:
            row.attempts += 1
        StaffAlert.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.SENDING, next_try_at=now + _LEASE
        )
    return rows


def _ring_one(
    alert: StaffAlert, transport: Transport, send_text: SendText | None
) -> tuple[StaffAlert.State, str]:
    task = alert.task
    if task.done_at is not None or task.claimed_by_id is not None:
        return State.DROPPED, _("Somebody has taken it.")
    try:
        if alert.channel == StaffAlert.Channel.EMAIL:
            transport.send(
                sender=task.clinic.sender_email, recipient=alert.staff.email, payload=_mail(alert)
            )
        else:
            _text(alert, send_text)
    except DeliveryError as error:
        lasting = error.certainty is Certainty.PERMANENT or alert.attempts >= _TRIES
        return (State.FAILED if lasting else State.PLANNED), error.detail[:300]
    return State.SENT, ""


def _text(alert: StaffAlert, send_text: SendText | None) -> None:
    number = AlarmNumber.objects.filter(clinic=alert.clinic_id, staff=alert.staff_id).first()
    if send_text is None or number is None:
        raise DeliveryError(Certainty.PERMANENT, "no gateway for text messages")
    with translation.override(alert.staff.language):
        words = f"{_subject(alert)} {_url(alert)}"
        send_text(Short(alert.pk, "sms", number.phone, sender_of(alert.task.clinic), words))


def _settle(alert: StaffAlert, state: StaffAlert.State, why: str, now: dt.datetime) -> None:
    StaffAlert.objects.filter(pk=alert.pk, state=State.SENDING).update(
        state=state,
        why=why,
        attempts=alert.attempts,
        sent_at=now if state is State.SENT else None,
        next_try_at=now + _RETRY,
    )


def _subject(alert: StaffAlert) -> str:
    return _("%(clinic)s: somebody is needed now") % {"clinic": alert.task.clinic.name}


def _url(alert: StaffAlert) -> str:
    return f"{alert.task.clinic.base_url}{reverse('aftercare:inbox')}"


def _mail(alert: StaffAlert) -> bytes:
    """A short mail without any name but the clinic's."""
    clinic = alert.task.clinic
    mail = EmailMessage(policy=SMTP)
    with translation.override(alert.staff.language):
        mail["Subject"] = _subject(alert)
        words = _(
            "A patient needs somebody now. Open the inbox and press “I do it”, so that nobody else "
            "is called:\n%(url)s\n\nWithout an answer the next person is alerted."
        )
        mail.set_content(words % {"url": _url(alert)} + f"\n\n-- \n{clinic.name}\n")
    mail["From"], mail["To"] = clinic.sender, alert.staff.email
    mail["Date"] = alert.created_at
    mail["Message-ID"] = f"<{alert.pk.hex}@{clinic.sender_email.rpartition('@')[2]}>"
    mail["Auto-Submitted"], mail["X-Priority"] = "auto-generated", "1"
    return mail.as_bytes()
