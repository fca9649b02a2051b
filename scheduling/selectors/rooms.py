"""In which room sessions of plans took place."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from mesoclinic.clinic.models import Clinic
from scheduling.models import Appointment

_BATCH = 5000


def rooms_of_sessions(clinic: Clinic, planned_sessions: Iterable[UUID]) -> dict[UUID, str]:
    """The room's name by planned session id; a query for each 5,000 of them."""
    wanted = list(planned_sessions)
    found: dict[UUID, str] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = Appointment.objects.for_clinic(clinic).filter(
            planned_session_id__in=wanted[start : start + _BATCH], room__isnull=False
        )
        pairs = rows.order_by("created_at").values_list("planned_session_id", "room__name")
        found.update({pk: name for pk, name in pairs if pk is not None})
    return found
