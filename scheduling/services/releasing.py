"""Visits of sessions that will not take place give their time back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from scheduling.domain.status import Status
from scheduling.models import Appointment
from scheduling.services.status import cancel_appointment

_WAITING = (Status.PENDING, Status.BOOKED, Status.CONFIRMED, Status.ON_HOLD)


def release_visits(
    *, clinic: Clinic, actor: Actor, now: datetime, session_ids: Iterable[UUID], reason: str
) -> list[Appointment]:
    """Cancel the future visits of these planned sessions, announced one by one; twice is once."""
    ids = (
        Appointment.objects.for_clinic(clinic)
        .filter(planned_session_id__in=set(session_ids), during__startswith__gt=now)
        .filter(status__in=[one.value for one in _WAITING])
        .order_by("during")
        .values_list("pk", flat=True)
    )
    return [
        cancel_appointment(clinic=clinic, actor=actor, now=now, appointment_id=pk, reason=reason)
        for pk in list(ids)
    ]
