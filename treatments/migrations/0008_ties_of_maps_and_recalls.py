"""Composite foreign keys of the new tables, and points that lie on their picture."""

from __future__ import annotations

from django.db import migrations

_PATIENT = ("patients_patient", "id, clinic_id", "clinic_id")
_SESSION = ("treatments_sessionrecord", "id, patient_id", "patient_id")
_SYRINGE = ("treatments_syringe", "id, patient_id", "patient_id")
_EVENT = ("treatments_adverseevent", "id, patient_id", "patient_id")

# table: (column, target, target's columns, second column)
_TIES = {
    "syringe": [("patient_id", *_PATIENT), ("session_id", *_SESSION)],
    "pointgroup": [
        ("patient_id", *_PATIENT), ("session_id", *_SESSION), ("syringe_id", *_SYRINGE),
    ],
    "sessiondose": [("syringe_id", *_SYRINGE)],
    "adverseevententry": [("patient_id", *_PATIENT), ("event_id", *_EVENT)],
    "clinicalpicture": [
        ("patient_id", *_PATIENT), ("session_id", *_SESSION), ("event_id", *_EVENT),
    ],
    "outcomereview": [("patient_id", *_PATIENT), ("session_id", *_SESSION)],
    "recallcontact": [("patient_id", *_PATIENT)],
}  # fmt: skip


def _operations() -> list[migrations.RunSQL]:
    operations = []
    for table, ties in _TIES.items():
        for column, target, columns, second in ties:
            name = f"treatments_{table}_{column}_tied"
            operations.append(
                migrations.RunSQL(
                    f"ALTER TABLE treatments_{table} ADD CONSTRAINT {name} "
                    f"FOREIGN KEY ({column}, {second}) REFERENCES {target} ({columns}) "
                    "DEFERRABLE INITIALLY DEFERRED",
                    f"ALTER TABLE treatments_{table} DROP CONSTRAINT {name}",
                )
            )
    return operations


class Migration(migrations.Migration):
    dependencies = [("treatments", "0007_maps_recalls_and_results")]

    operations = [
        *_operations(),
        migrations.RunSQL(
            "ALTER TABLE treatments_pointgroup ADD CONSTRAINT point_group_on_the_picture CHECK "
            "(cardinality(points) >= 2 AND 0 <= ALL (points) AND 100 >= ALL (points))",
            "ALTER TABLE treatments_pointgroup DROP CONSTRAINT point_group_on_the_picture",
        ),
    ]
