from django.db import migrations

from patients.models.base import same_clinic_sql

TIE, UNTIE = same_clinic_sql(
    "aftercare_message",
    "aftercare_messageevent",
    "aftercare_checkin",
    "aftercare_stafftask",
)


class Migration(migrations.Migration):
    """Rows about a patient belong to the patient's own clinic."""

    dependencies = [("aftercare", "0001_initial")]

    operations = [migrations.RunSQL(TIE, UNTIE)]
