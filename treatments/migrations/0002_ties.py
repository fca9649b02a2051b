"""Composite foreign keys: what belongs to a plan has the plan's patient, and its clinic."""

from django.db import migrations

from mesoclinic.audit.operations import tie

# table: (column, table it points to) for each tie beyond the patient's own clinic
OF_THE_PLAN: dict[str, list[tuple[str, str]]] = {
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
OF_THE_SESSION: dict[str, list[tuple[str, str]]] = {
    "syringe": [("session_id", "sessionrecord")],
    "pointgroup": [("session_id", "sessionrecord"), ("syringe_id", "syringe")],
    "adverseevententry": [("event_id", "adverseevent")],
    "clinicalpicture": [("session_id", "sessionrecord"), ("event_id", "adverseevent")],
    "outcomereview": [("session_id", "sessionrecord")],
    "recallcontact": [],
}


def _ties(tables: dict[str, list[tuple[str, str]]], clinic: str, patient: str) -> list[migrations.RunSQL]:
    operations = []
    for table, ties in tables.items():
        here = f"treatments_{table}"
        of_clinic = f"{here}_patient_id_{clinic}"
        operations.append(tie(here, ("patient_id", "clinic_id"), "patients_patient", of_clinic))
        for column, target in ties:
            name = f"{here}_{column}_{patient}"
            operations.append(tie(here, (column, "patient_id"), f"treatments_{target}", name))
    return operations


class Migration(migrations.Migration):
    dependencies = [("treatments", "0001_tables")]

    operations = [
        *_ties(OF_THE_PLAN, "same_clinic", "same_patient"),
        *_ties(OF_THE_SESSION, "tied", "tied"),
        tie(
            "treatments_sessiondose", ("syringe_id", "patient_id"), "treatments_syringe",
            "treatments_sessiondose_syringe_id_tied",
        ),
        # Points lie on their picture.
        migrations.RunSQL(
            "ALTER TABLE treatments_pointgroup "
            "DROP CONSTRAINT IF EXISTS point_group_on_the_picture, "
            "ADD CONSTRAINT point_group_on_the_picture CHECK "
            "(cardinality(points) >= 2 AND 0 <= ALL (points) AND 100 >= ALL (points))",
            "ALTER TABLE treatments_pointgroup DROP CONSTRAINT point_group_on_the_picture",
        ),
    ]
