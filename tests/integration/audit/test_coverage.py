"""Every table from which a chain of foreign keys leads to a patient is audited."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection, models

from mesoclinic.audit.triggers import AuditTrigger

pytestmark = pytest.mark.django_db

OURS = {"patients", "treatments", "scheduling", "aftercare"}
# Rows about a patient that are themselves a record of who did what, written by services only.
EXEMPT: frozenset[str] = frozenset()


def patient_tables() -> Iterator[type[models.Model]]:
    """Models with a path of foreign keys to the patient, and the patient itself."""
    patient = apps.get_model("patients", "Patient")
    known = {patient}
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
    triggers = getattr(model._meta, "triggers", [])
    return [trigger for trigger in triggers if isinstance(trigger, AuditTrigger)]


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


def test_the_walk_finds_what_it_should() -> None:
    labels = {model._meta.label for model in patient_tables()}

    assert {"patients.Patient", "scheduling.Appointment"} <= labels
