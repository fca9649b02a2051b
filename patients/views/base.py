"""What the pages of this room share."""

from __future__ import annotations

from uuid import UUID

from mesoclinic.clinic.pages import StaffPage
from patients.models import Patient
from patients.selectors import get_patient


class StaffView(StaffPage):
    """A page about a patient."""

    def patient(self, pk: UUID) -> Patient:
        """The patient of this clinic, or 404."""
        return get_patient(self.request.clinic, pk)
