"""Rows that change hands past the triggers which otherwise keep them as they were written.

Signed and submitted rows never change, and the database sees to it. Only who they are about may be
corrected, here and nowhere else: `unguarded` tells the guards, for the statements of its block in
this transaction, to let a change through (docs/decisions/0020). The audit triggers stay awake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import pgtrigger
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from mesoclinic.audit.triggers import AuditTrigger
from patients.selectors.paths import owned_tables

Moved = dict[str, list[str]]


@contextmanager
def unguarded() -> Iterator[None]:
    """Let rows of patients change hands within the block. Call inside a transaction."""
    guards = [
        f"{model._meta.label}:{trigger.name}"
        for model in owned_tables()
        for trigger in getattr(model._meta, "triggers", ())
        if not isinstance(trigger, AuditTrigger)
    ]
    with pgtrigger.ignore(*guards):
        yield


def check_constraints_now() -> None:
    """Let deferred foreign keys speak up here, where the refusal can still be explained."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def hand_over(model: type[Model], ids: Iterable[object], *, giver: UUID, taker: UUID) -> list[str]:
    """Give rows of one table from one patient to another; returns the ids that changed."""
    column = owned_tables()[model]
    rows = model._default_manager.filter(pk__in=list(ids), **{column: giver})
    found = [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)]
    if found:
        # A savepoint: a refusal of the database must not take the whole transaction with it.
        with transaction.atomic():
            model._default_manager.filter(pk__in=found).update(**{column: taker})
    return found


def change(model: type[Model], pk: object, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write values of one row; returns the line by which `restore` takes them back."""
    row = model._default_manager.filter(pk=pk).values(*values).get()
    model._default_manager.filter(pk=pk).update(**values)
    return {
        "model": model._meta.label,
        "id": str(pk),
        "old": {name: _plain(value) for name, value in row.items()},
        "new": {name: _plain(value) for name, value in values.items()},
    }


def restore(line: Mapping[str, Any]) -> None:
    """Take back one change, value by value, where nobody has changed the value since."""
    model = apps.get_model(line["model"])
    row = model._default_manager.filter(pk=line["id"]).values(*line["old"]).first()
    if row is None:
        return
    back = {
        name: model._meta.get_field(name).to_python(line["old"][name])
        for name, value in row.items()
        if _plain(value) == line["new"][name]
    }
    if back:
        model._default_manager.filter(pk=line["id"]).update(**back)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value
