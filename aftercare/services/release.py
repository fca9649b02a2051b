"""What a person decides about a message that waits for a decision."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from aftercare.domain.outbox import State
from aftercare.exceptions import MessageNotFound, MessageNotHeld
from aftercare.models import Message, StaffTask
from aftercare.services import ledger, tasks
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic

_WAITING = [State.HELD.value, State.FAILED.value]
_EXTRA_TIME = dt.timedelta(hours=24)


def send_again(*, actor: Actor, clinic: Clinic, message_id: UUID, now: dt.datetime) -> Message:
    """Plan a held or failed message anew, to leave at once. Raises `MessageNotHeld`.

    Whether it is still wanted is asked again before it leaves.
    """
    with audited(actor):
        message = _waiting(clinic, message_id)
        Message.objects.filter(pk=message.pk).update(
            interruptions=0, expires_at=max(message.expires_at, now + _EXTRA_TIME)
        )
        why = _("Sent again by %(who)s.") % {"who": actor.label}
        ledger.apply([message], to=State.PLANNED, why=why, now=now, next_try_at=now)
        _close(message, why, now)
    return message


def leave_unsent(*, actor: Actor, clinic: Clinic, message_id: UUID, now: dt.datetime) -> Message:
    """Decide that a held or failed message is not sent. Raises `MessageNotHeld`."""
    with audited(actor):
        message = _waiting(clinic, message_id)
        why = _("Not sent: decided by %(who)s.") % {"who": actor.label}
        ledger.apply([message], to=State.SKIPPED, why=why, now=now)
        _close(message, why, now)
    return message


def send_failed_again(
    *, actor: Actor, clinic: Clinic, patient_id: UUID, now: dt.datetime
) -> list[Message]:
    """Plan everything of a patient that failed and is still worth sending; returns what it was.

    For when an address was corrected. Whether each is still wanted is asked before it leaves.
    """
    with audited(actor):
        why = _("Sent again by %(who)s.") % {"who": actor.label}
        messages = ledger.transition(
            Q(clinic=clinic, patient_id=patient_id, state=State.FAILED.value, expires_at__gt=now),
            to=State.PLANNED,
            why=why,
            now=now,
            next_try_at=now,
        )
        for message in messages:
            _close(message, why, now)
        for kind in (StaffTask.Kind.MESSAGE_FAILED, StaffTask.Kind.NO_ADDRESS):
            tasks.close_tasks(kind=kind, subject_id=patient_id, outcome=why, now=now)
    return messages


def _waiting(clinic: Clinic, message_id: UUID) -> Message:
    rows = Message.objects.for_clinic(clinic).select_for_update().filter(Q(pk=message_id))
    message = rows.first()
    if message is None:
        raise MessageNotFound
    if message.state not in _WAITING:
        raise MessageNotHeld
    return message


def _close(message: Message, outcome: str, now: dt.datetime) -> None:
    for kind in (StaffTask.Kind.MESSAGE_FAILED, StaffTask.Kind.MESSAGE_UNCLEAR):
        tasks.close_tasks(kind=kind, subject_id=message.pk, outcome=outcome, now=now)
