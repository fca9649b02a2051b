"""Composite foreign keys: rows about a patient belong to the patient's own clinic."""

from django.db import migrations

from mesoclinic.audit.operations import of_one_clinic



class Migration(migrations.Migration):
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
