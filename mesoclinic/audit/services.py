"""Writing the record: the actor of a transaction, and rows for what no trigger can see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connection, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.statements import Statement

_acting: ContextVar[Actor | None] = ContextVar("mesoclinic_actor", default=None)
_SETTING = "mesoclinic.actor"


def current_actor() -> Actor | None:
    """The actor of the `audited` block around the caller, if there is one."""
    return _acting.get()


@contextmanager
def audited(actor: Actor, *, reason: str = "") -> Iterator[None]:
    """A transaction in whose audit rows `actor` stands (with `reason`, e.g. of an override).

    Every service that writes opens it. Inside another `audited` block it is a savepoint and the
    outer actor stays: the person who clicked, not the helper that was called.
    """
    if _acting.get() is not None:
        with transaction.atomic():
            yield
        return
    token = _acting.set(actor)
    try:
        with transaction.atomic():
            _set_actor(_as_json(actor, reason))
            yield
        # Inside a wider transaction the setting would outlive this block: take it back.
        if connection.in_atomic_block and not connection.needs_rollback:
            _set_actor("")
    finally:
        _acting.reset(token)


def record_read(
    actor: Actor, *, model: str, patients: Iterable[UUID], object_id: str = "", reason: str = ""
) -> None:
    """One row for one page, list or answer that shows data of `patients` (exactly one INSERT).

    `model` names what was shown ("patients.patient"); nothing is written when nobody is shown.
    """
    shown = list(dict.fromkeys(patients))
    if shown:
        record(
            actor,
            Action.READ,
            AuditEntry(model=model, patients=shown, object_id=object_id, reason=reason),
        )


# Bare, because nearly every request writes one; `at` is the clock of the statement, as in triggers.
_COLUMNS = (
    "clinic_id", "actor_kind", "actor_id", "actor_label", "action", "model", "object_id",
    "patients", "fields", "reason", "request_id",
)  # fmt: skip
_ARRAYS = {"patients": "::uuid[]", "fields": "::varchar[]"}
_INSERT = Statement(
    f"INSERT INTO audit_auditentry ({', '.join(_COLUMNS)}, at) VALUES ("  # noqa: S608
    + ", ".join(f"%({name})s{_ARRAYS.get(name, '')}" for name in _COLUMNS)
    + ", statement_timestamp())"
)


def record(actor: Actor, action: Action, entry: AuditEntry | None = None) -> None:
    """One row for an event without a table of its own (sign-in, export, refusal).

    `entry` carries model, object, patients and reason; the actor's columns are filled in here.
    """
    entry = entry or AuditEntry()
    entry.action = action
    entry.clinic_id = entry.clinic_id or actor.clinic_id
    entry.actor_kind = actor.kind
    entry.actor_id = actor.id
    entry.actor_label = actor.label[:200]
    entry.reason = entry.reason[:200]
    entry.request_id = actor.request_id[:64]
    _INSERT.run(**{name: getattr(entry, name) for name in _COLUMNS})


def _as_json(actor: Actor, reason: str) -> str:
    return json.dumps(
        {
            "kind": actor.kind,
            "id": actor.id,
            "label": actor.label[:200],
            "clinic_id": str(actor.clinic_id) if actor.clinic_id else None,
            "request_id": actor.request_id[:64],
            "reason": reason[:200],
        }
    )


def _set_actor(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [_SETTING, value])
