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
