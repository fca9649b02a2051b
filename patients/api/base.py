"""What the viewsets of this room share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.api import ClinicViewSet
from mesoclinic.common.errors import NotFound

OF_PATIENT = OpenApiParameter("patient", UUID, required=True, description="Whose record.")


class PatientsViewSet(ClinicViewSet):
    """What the viewsets of this room share."""

    @property
    def clinical(self) -> bool:
        """Whether the caller sees clinical content."""
        return can(self.actor, Policy.CLINICAL)

    def read(self, model: str, *patients: UUID) -> None:
        """One audit row for what an answer shows."""
        record_read(self.actor, model=model, patients=patients, reason="api")


def as_id(text: str) -> UUID:
    """An id from an address; what is none is simply not there."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


def valid(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The request's body as the shape demands it, else 400 with the fields."""
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    data: dict[str, Any] = body.validated_data
    return data
