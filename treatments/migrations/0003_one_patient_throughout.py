"""Composite foreign keys: what belongs to a plan has the plan's patient, and its clinic."""

from __future__ import annotations

from django.db import migrations

# table: (column, table it points to) for each tie beyond the patient's own clinic
TIES: dict[str, list[tuple[str, str]]] = {
    "treatmentplan": [],
    "cocktail": [("plan_id", "treatmentplan")],
    "cocktailitem": [("cocktail_id", "cocktail")],
    "consent": [("cocktail_id", "cocktail")],
    "plannedsession": [("plan_id", "treatmentplan")],
    "sessionrecord": [("planned_session_id", "plannedsession"), ("cocktail_id", "cocktail")],
    "sessiondose": [("session_id", "sessionrecord")],
    "sessionaddendum": [("session_id", "sessionrecord")],
    "adverseevent": [("session_id", "sessionrecord")],
    "readinessoverride": [("planned_session_id", "plannedsession")],
}


def _tie(table: str, columns: tuple[str, str], target: str, target_columns: str) -> tuple[str, str]:
    name = f"treatments_{table}_{columns[0]}_same_{columns[1].removesuffix('_id')}"
    add = (
        f"ALTER TABLE treatments_{table} ADD CONSTRAINT {name} "
        f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {target} ({target_columns}) "
        "DEFERRABLE INITIALLY DEFERRED"
    )
    return add, f"ALTER TABLE treatments_{table} DROP CONSTRAINT {name}"


def _operations() -> list[migrations.RunSQL]:
    operations = []
    for table, ties in TIES.items():
        pairs = [_tie(table, ("patient_id", "clinic_id"), "patients_patient", "id, clinic_id")]
        for column, target in ties:
            pairs.append(
                _tie(table, (column, "patient_id"), f"treatments_{target}", "id, patient_id")
            )
        operations += [migrations.RunSQL(add, drop) for add, drop in pairs]
    return operations


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0002_record_drafts_and_consents_that_stay"),
        ("patients", "0001_initial"),
    ]

    operations = _operations()
