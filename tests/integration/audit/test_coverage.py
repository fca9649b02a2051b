"""Every table from which a chain of foreign keys leads to a patient is audited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection, models

from mesoclinic.audit.triggers import AuditTrigger

pytestmark = pytest.mark.django_db

OURS = {"patients", "treatments", "scheduling", "aftercare"}
# Append-only rows written in the same transaction as a change of an audited one that they explain.
EXEMPT = frozenset({"aftercare.MessageEvent"})


def patient_tables() -> Iterator[type[models.Model]]:
    """Models with a path of foreign keys to the patient, and the patient itself."""
    known: set[type[models.Model]] = {apps.get_model("patients", "Patient")}
    every = apps.get_models(include_auto_created=True)
    ours = [model for model in every if model._meta.app_label in OURS]
    grew = True
    while grew:
        found = {
            model
            for model in ours
            for field in model._meta.get_fields()
            if field.many_to_one or (field.one_to_one and field.concrete)
            if field.related_model in known
        }
        grew = not found <= known
        known |= found
    yield from sorted(known, key=lambda model: model._meta.label)


def audit_triggers_of(model: type[models.Model]) -> list[AuditTrigger]:
    """Also those declared on a proxy, as for the hidden table of a many-to-many field."""
    return [
        trigger
        for owner, trigger in pgtrigger.registered()
        if owner._meta.db_table == model._meta.db_table and isinstance(trigger, AuditTrigger)
    ]


def has_audit_trigger(model: type[models.Model]) -> bool:
    return bool(audit_triggers_of(model))


def test_every_patient_table_declares_the_trigger() -> None:
    missing = [
        model._meta.label
        for model in patient_tables()
        if model._meta.label not in EXEMPT and not has_audit_trigger(model)
    ]

    assert missing == [], f"add audit_triggers() to Meta.triggers of: {', '.join(missing)}"


def test_every_declared_trigger_is_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname LIKE 'pgtrigger_audit%' AND t.tgenabled = 'O'"
        )
        guarded = {row[0] for row in cursor.fetchall()}
    declared = {model._meta.db_table for model in apps.get_models() if has_audit_trigger(model)}

    assert declared <= guarded


def test_the_trigger_knows_the_patient_of_every_row() -> None:
    """A table that leads to a patient must not be audited without naming them."""
    nameless = [
        model._meta.label
        for model in patient_tables()
        for trigger in audit_triggers_of(model)
        if not trigger.patient
    ]

    assert nameless == []


def test_nobody_switches_triggers_off() -> None:
    """django-pgtrigger can skip triggers for a while; one place may, for guards that don't audit.

    Merging two records hands immutable rows over (docs/decisions/0020); the audit stays awake.
    """
    root = Path(__file__).resolve().parents[3]
    folders = [root / name for name in ("mesoclinic", *OURS)]
    users = [
        str(path.relative_to(root))
        for folder in folders
        for path in folder.rglob("*.py")
        if "pgtrigger.ignore" in path.read_text() or "session_replication_role" in path.read_text()
    ]

    assert users == ["patients/services/rows.py"]
    assert "not isinstance(trigger, AuditTrigger)" in (root / users[0]).read_text()


def test_the_walk_finds_what_it_should() -> None:
    labels = {model._meta.label for model in patient_tables()}

    assert {"patients.Patient", "scheduling.Appointment"} <= labels
