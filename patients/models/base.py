"""What every row about one patient shares."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.base import ClinicOwned


class PatientOwned(ClinicOwned):
    """A row about one patient of one clinic.

    A composite foreign key (added by migration) ties `clinic` to the patient's own clinic, so
    that no row can ever mix two clinics.
    """

    patient = models.ForeignKey(
        "patients.Patient",
        on_delete=models.PROTECT,
        verbose_name=_("patient"),
    )

    class Meta:
        abstract = True


def same_clinic_sql(*tables: str) -> tuple[list[str], list[str]]:
    """Forward and reverse SQL of the composite foreign keys of `tables`, for migrations.RunSQL.

    Each table has the columns `patient_id` and `clinic_id`. The check is deferred like Django's
    own foreign keys.
    """
    forward = [
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_same_clinic" '
        'FOREIGN KEY ("patient_id", "clinic_id") REFERENCES "patients_patient" ("id", "clinic_id") '
        "DEFERRABLE INITIALLY DEFERRED"
        for table in tables
    ]
    reverse = [f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_same_clinic"' for table in tables]
    return forward, reverse
