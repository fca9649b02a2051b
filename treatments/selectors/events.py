"""Adverse events as lists show them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import NotFound
from treatments.models import AdverseEvent


def event_list(clinic: Clinic, wanted: str = "open") -> QuerySet[AdverseEvent]:
    """Events of the clinic, gravest first. `wanted` is open (default), resolved or all."""
    rows = AdverseEvent.objects.for_clinic(clinic).select_related("patient", "session")
    if wanted == "open":
        rows = rows.filter(resolved_at__isnull=True)
    elif wanted == "resolved":
        rows = rows.filter(resolved_at__isnull=False)
    return rows.order_by("-severity", "-onset_on", "-pk")


def get_event(clinic: Clinic, pk: UUID) -> AdverseEvent:
    """One event of the clinic. Raises NotFound."""
    event = event_list(clinic, "all").filter(pk=pk).first()
    if event is None:
        raise NotFound
    return event
