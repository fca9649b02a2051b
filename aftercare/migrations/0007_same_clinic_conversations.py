from django.db import migrations

from patients.models.base import same_clinic_sql

TIE, UNTIE = same_clinic_sql(
    "aftercare_checkinphoto",
    "aftercare_taskevent",
    "aftercare_thread",
    "aftercare_threadphoto",
    "aftercare_threadpost",
)


class Migration(migrations.Migration):
    """Rows about a patient belong to the patient's own clinic."""

    dependencies = [("aftercare", "0006_conversations_alerts_task_history")]

    operations = [migrations.RunSQL(TIE, UNTIE)]
