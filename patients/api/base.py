"""What the viewsets of this room share."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter

from mesoclinic.common.errors import NotFound

OF_PATIENT = OpenApiParameter("patient", UUID, required=True, description="Whose record.")


def as_id(text: str) -> UUID:
    """An id from an address; what is none is simply not there."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
