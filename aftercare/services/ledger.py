"""The one place where a message's state changes: the row and its event, together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from aftercare.domain.outbox import LEFT, TRANSITIONS, State
from aftercare.models import Message, MessageEvent
from mesoclinic.common.ids import new_id
from mesoclinic.statements import Insertion

_MESSAGES, _EVENTS = Insertion(Message), Insertion(MessageEvent)


def write_planned(messages: Sequence[Message], *, now: dt.datetime) -> None:
    """Insert new messages with their first event; the caller's transaction is the business one."""
    _MESSAGES.write(messages)
    _EVENTS.write([_event(message, "", message.state, message.why, now) for message in messages])


def transition(
    condition: Q, *, to: State, why: str, now: dt.datetime, next_try_at: dt.datetime | None = None
) -> list[Message]:
    """Bring every message that matches `condition` and may go there to state `to`.

    Rows are locked, so a message that is claimed at this moment is left to the dispatcher.
    Returns the messages that changed. Must run inside a transaction.
    """
    sources = [state.value for state, targets in TRANSITIONS.items() if to in targets]
    rows = list(
        Message.objects.select_for_update().filter(condition, state__in=sources).order_by("id")
    )
    apply(rows, to=to, why=why, now=now, next_try_at=next_try_at)
    return rows


def note(message: Message, why: str, *, now: dt.datetime) -> None:
    """Write into a message's history what did not change its state."""
    MessageEvent.objects.create(
        clinic_id=message.clinic_id,
        patient_id=message.patient_id,
        message_id=message.pk,
        from_state=message.state,
        to_state=message.state,
        at=now,
        why=why,
    )


def apply(
    rows: Iterable[Message],
    *,
    to: State,
    why: str,
    now: dt.datetime,
    next_try_at: dt.datetime | None = None,
) -> None:
    """Write state `to` for rows which the caller has locked or leased (one UPDATE, one INSERT)."""
    found = list(rows)
    if not found:
        return
    changes: dict[str, object] = {
        "state": to.value,
        "why": why,
        "lease_until": None,
    }
    if to is State.SENT:
        changes["sent_at"] = now
    elif to not in LEFT:
        changes["sent_at"] = None
    if next_try_at is not None:
        changes["next_try_at"] = next_try_at
    Message.objects.filter(pk__in=[row.pk for row in found]).update(**changes)
    MessageEvent.objects.bulk_create([_event(row, row.state, to.value, why, now) for row in found])


_SENT = """
WITH leased AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(leases)s::timestamptz[], %(events)s::uuid[],
                         %(provider_ids)s::text[]) AS l (id, lease, event, provider_id)
), ours AS (
    UPDATE aftercare_message m
    SET state = 'sent', why = %(why)s, lease_until = NULL, sent_at = %(now)s,
        provider_id = leased.provider_id
    FROM leased
    WHERE m.id = leased.id AND m.state = 'sending' AND m.lease_until = leased.lease
    RETURNING m.id, m.clinic_id, m.patient_id, leased.event
)
INSERT INTO aftercare_messageevent
    (id, clinic_id, created_at, patient_id, message_id, from_state, to_state, at, why)
SELECT event, clinic_id, %(now)s, patient_id, id, 'sending', 'sent', %(now)s, %(why)s FROM ours
"""


def sent(messages: Mapping[Message, str], *, why: str, now: dt.datetime) -> int:
    """Write that claimed messages have left, each with its carrier's id; how many were still ours.

    One whose lease somebody else has taken over since is left alone. One statement, because it is
    done for every message there is.
    """
    rows = sorted(messages, key=lambda one: one.pk)
    values: dict[str, Any] = {
        "ids": [one.pk for one in rows],
        "leases": [one.lease_until for one in rows],
        "events": [new_id() for _ in rows],
        "provider_ids": [messages[one][:200] for one in rows],
        "why": why,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SENT, values)
        return int(cursor.rowcount)


def _event(
    message: Message, from_state: str, to_state: str, why: str, now: dt.datetime
) -> MessageEvent:
    return MessageEvent(
        clinic_id=message.clinic_id,
        patient_id=message.patient_id,
        message_id=message.pk,
        from_state=from_state,
        to_state=to_state,
        at=now,
        why=why,
    )
