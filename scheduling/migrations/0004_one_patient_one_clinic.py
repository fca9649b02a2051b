"""Composite foreign keys: a visit has one patient throughout, and everything is of one clinic."""

from __future__ import annotations

from django.db import migrations

_SAME_CLINIC = ("patient_id", "clinic_id"), "patients_patient", "id, clinic_id"


def _in_clinic(column: str, table: str) -> tuple[tuple[str, str], str, str]:
    return (column, "clinic_id"), f"scheduling_{table}", "id, clinic_id"


def _of_patient(column: str, table: str) -> tuple[tuple[str, str], str, str]:
    return (column, "patient_id"), table, "id, patient_id"


# table: each tie as (own columns, the table it points to, the columns there)
TIES = {
    "appointment": [
        _SAME_CLINIC,
        _in_clinic("room_id", "room"),
        _in_clinic("device_id", "device"),
        _in_clinic("visit_type_id", "visittype"),
        _of_patient("plan_id", "treatments_treatmentplan"),
        _of_patient("planned_session_id", "treatments_plannedsession"),
    ],
    "appointmentstatuschange": [
        _SAME_CLINIC,
        _of_patient("appointment_id", "scheduling_appointment"),
    ],
    "appointmentmove": [_SAME_CLINIC, _of_patient("appointment_id", "scheduling_appointment")],
}


def _operations() -> list[migrations.RunSQL]:
    operations = []
    for table, ties in TIES.items():
        for columns, target, target_columns in ties:
            name = f"scheduling_{table}_{columns[0]}_same_{columns[1].removesuffix('_id')}"
            add = (
                f"ALTER TABLE scheduling_{table} ADD CONSTRAINT {name} "
                f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {target} ({target_columns}) "
                "DEFERRABLE INITIALLY DEFERRED"
            )
            drop = f"ALTER TABLE scheduling_{table} DROP CONSTRAINT {name}"
            operations.append(migrations.RunSQL(add, drop))
    return operations


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0003_moves_holidays_and_usual_rooms"),
        ("treatments", "0003_one_patient_throughout"),
    ]

    operations = _operations()
