"""Composite foreign keys: a visit has one patient throughout, and everything is of one clinic."""

from django.db import migrations

from mesoclinic.audit.operations import tie

# table: (column, what the rows share, table it points to) of each tie
TIES = {
    "appointment": [
        ("patient", "clinic", "patients_patient"),
        ("room", "clinic", "scheduling_room"),
        ("device", "clinic", "scheduling_device"),
        ("visit_type", "clinic", "scheduling_visittype"),
        ("plan", "patient", "treatments_treatmentplan"),
        ("planned_session", "patient", "treatments_plannedsession"),
    ],
    "appointmentstatuschange": [
        ("patient", "clinic", "patients_patient"),
        ("appointment", "patient", "scheduling_appointment"),
    ],
    "appointmentmove": [
        ("patient", "clinic", "patients_patient"),
        ("appointment", "patient", "scheduling_appointment"),
    ],
    "resourcehours": [
        ("room", "clinic", "scheduling_room"),
        ("device", "clinic", "scheduling_device"),
    ],
    "waitlistentry": [
        ("patient", "clinic", "patients_patient"),
        ("visit_type", "clinic", "scheduling_visittype"),
        ("appointment", "patient", "scheduling_appointment"),
        ("planned_session", "patient", "treatments_plannedsession"),
    ],
    "waitlistoffer": [
        ("patient", "clinic", "patients_patient"),
        ("freed", "clinic", "scheduling_freedtime"),
        ("entry", "patient", "scheduling_waitlistentry"),
        ("hold", "patient", "scheduling_appointment"),
    ],
    "onlinebooking": [
        ("visit_type", "clinic", "scheduling_visittype"),
        ("room", "clinic", "scheduling_room"),
    ],
}


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_tables")]

    operations = [
        tie(
            f"scheduling_{table}", (f"{one}_id", f"{shared}_id"), target,
            f"scheduling_{table}_{one}_id_same_{shared}",
        )
        for table, ties in TIES.items()
        for one, shared, target in ties
    ]
