"""Database triggers that models put into `Meta.triggers`.

    class Meta:
        triggers = [*audit_triggers(patient="plan__patient_id"), *append_only()]

The audit trigger sees every kind of write (ORM, bulk, raw SQL) and stores the *names* of changed
columns, never their values. Who wrote it comes from the transaction-local setting that
`mesoclinic.audit.services.audited` makes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pgtrigger
from django.db import models

_PATH = re.compile(r"[a-z_][a-z0-9_]*")


def _expression(model: type[models.Model], path: str, row: str) -> str:
    """SQL for a Django path from `row` (NEW or OLD): `plan__patient_id` becomes a subquery.

    A path that is no plain Django path is taken as SQL in which `{row}` stands for the row.
    """
    if not path:
        return "NULL::uuid"
    if not _PATH.fullmatch(path):
        return path.replace("{row}", row)
    head, *rest = path.split("__")
    field: Any = model._meta.get_field(head)
    column = f'{row}."{field.column}"'
    for position, name in enumerate(rest):
        related = field.related_model
        field = related._meta.get_field(name)
        alias = f"t{position}"
        source, key = f'"{related._meta.db_table}" {alias}', f'{alias}."{related._meta.pk.column}"'
        column = f'(SELECT {alias}."{field.column}" FROM {source} WHERE {key} = {column})'  # noqa: S608
    return column


class AuditTrigger(pgtrigger.Trigger):
    """AFTER INSERT, UPDATE or DELETE: one audit row for each row that changed."""

    when = pgtrigger.After
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
    name = "audit"

    def __init__(self, *, patient: str, clinic: str, ignore: Sequence[str] = ()) -> None:
        self.patient = patient
        self.clinic = clinic
        self.ignore = tuple(ignore)
        super().__init__()

    def get_func(self, model: Any) -> str:
        """The body: old and new row as JSON for the shared function `mesoclinic_audit_write`."""
        ignored = ", ".join(f"'{name}'" for name in self.ignore)
        branches = []
        for operation, row, old, new in (
            ("INSERT", "NEW", "NULL", "to_jsonb(NEW)"),
            ("UPDATE", "NEW", "to_jsonb(OLD)", "to_jsonb(NEW)"),
            ("DELETE", "OLD", "to_jsonb(OLD)", "NULL"),
        ):
            branches.append(
                f"IF TG_OP = '{operation}' THEN PERFORM mesoclinic_audit_write("
                f"'{operation.lower()}', '{model._meta.label_lower}', "
                f'{row}."{model._meta.pk.column}"::text, '
                f"{_expression(model, self.clinic, row)}, {_expression(model, self.patient, row)}, "
                f"{old}, {new}, ARRAY[{ignored}]::text[]); END IF;"
            )
        return "\n".join([*branches, "RETURN NULL;"])


class Refuse(pgtrigger.Trigger):
    """BEFORE the operation: raise `restrict_violation`, which Django shows as IntegrityError."""

    when = pgtrigger.Before

    def get_func(self, model: Any) -> str:
        """The body: one RAISE that names the table and the rule."""
        return (
            f"RAISE EXCEPTION '{model._meta.db_table}: % refused by rule {self.name}', TG_OP "
            "USING ERRCODE = 'restrict_violation';"
        )


def audit_triggers(
    patient: str = "patient_id", clinic: str = "clinic_id", *, ignore: Sequence[str] = ()
) -> list[pgtrigger.Trigger]:
    """The trigger that records every write of a table of patient data.

    `patient` and `clinic` are Django paths from the row to the id (`"patient_id"`, `"id"` on the
    patient itself, `"plan__patient_id"`), SQL with `{row}` for anything else, or `""` for none.
    Changes of the columns in `ignore` alone write no row (technical clocks such as `last_login`).
    """
    return [AuditTrigger(patient=patient, clinic=clinic, ignore=ignore)]


def append_only() -> list[pgtrigger.Trigger]:
    """Rows are written once: UPDATE and DELETE raise IntegrityError, from whomever they come."""
    return [Refuse(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


def frozen_when(condition: pgtrigger.Q, *, name: str = "frozen") -> list[pgtrigger.Trigger]:
    """Refuse UPDATE and DELETE of rows whose old state matches, e.g. `Q(old__signed_at__isnull=False)`.

    Give each a `name` of its own where a model has several.
    """
    return [Refuse(name=name, operation=pgtrigger.Update | pgtrigger.Delete, condition=condition)]


def no_truncate() -> list[pgtrigger.Trigger]:
    """Refuse TRUNCATE, which row triggers don't see."""
    return [Refuse(name="no_truncate", level=pgtrigger.Statement, operation=pgtrigger.Truncate)]
