"""What the viewsets of this room share."""

from __future__ import annotations

from uuid import UUID

from mesoclinic.clinic.api import ClinicViewSet
from mesoclinic.common.errors import NotFound


class TreatmentsViewSet(ClinicViewSet):
    """Ids are UUIDs; everything else is 404 before it reaches a query."""

    lookup_value_regex = "[0-9a-f-]{36}"

    def id(self, pk: str) -> UUID:
        """The id of the URL."""
        try:
            return UUID(pk)
        except ValueError as error:
            raise NotFound from error
