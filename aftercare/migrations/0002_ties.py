"""Composite foreign keys: rows about a patient belong to the patient's own clinic."""

from django.db import migrations

from mesoclinic.audit.operations import of_one_clinic



class Migration(migrations.Migration):
    replaces = [("aftercare", "0009_steps_and_tasks_of_every_room")]
    dependencies = [("aftercare", "0001_tables")]

    operations = of_one_clinic(
        "aftercare_message",
        "aftercare_messageevent",
        "aftercare_checkin",
        "aftercare_stafftask",
        "aftercare_addressproblem",
        "aftercare_checkinphoto",
        "aftercare_taskevent",
        "aftercare_thread",
        "aftercare_threadphoto",
        "aftercare_threadpost",
    )
