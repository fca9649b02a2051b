"""The QuerySet every clinic-owned model starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar
from uuid import UUID

from django.db import models

if TYPE_CHECKING:
    from mesoclinic.clinic.models import Clinic

_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class ClinicQuerySet(models.QuerySet[_Row]):
    """Rows of one clinic at a time; selectors start with `for_clinic`."""

    def for_clinic(self, clinic: Clinic | UUID) -> Self:
        """Only rows of `clinic`: another clinic's row is simply not there (404)."""
        return self.filter(clinic_id=clinic if isinstance(clinic, UUID) else clinic.pk)
