"""Holds that have run out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_noop

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from scheduling import signals
from scheduling.domain.status import Status
from scheduling.models import Appointment, AppointmentStatusChange
from scheduling.services.drafts import Terms
from scheduling.services.locking import lock_visits
from scheduling.services.requests import Exceptions

LAPSED = gettext_noop("The hold ran out.")


def let_lapse(terms: Terms, ids: Sequence[UUID]) -> list[Appointment]:
    """Cancel those of the visits whose hold has run out by now; their time is free again."""
    if not ids:
        return []
    rows = [
        row
        for row in lock_visits(ids)
        if row.status == Status.PENDING and row.held_until and row.held_until <= terms.now
    ]
    for row in rows:
        row.status = Status.CANCELLED.value
        row.save(update_fields=["status"])
        AppointmentStatusChange.objects.create(
            clinic_id=row.clinic_id, patient_id=row.patient_id, appointment=row,
            from_status=Status.PENDING.value, to_status=Status.CANCELLED.value, at=terms.now,
            by_label="system", reason=LAPSED,
        )  # fmt: skip
        # Nobody was told of the hold, so nobody is told of its end: not a cancellation.
        signals.appointment_status_changed.send(
            sender=Appointment, clinic=row.clinic, actor=terms.actor, now=terms.now,
            appointment=row, from_status=Status.PENDING.value, to_status=row.status,
        )  # fmt: skip
    return rows


def lapse_holds(*, clinic: Clinic, now: datetime) -> int:
    """Let all holds of a clinic lapse that have run out; the number of visits freed."""
    actor = Actor.system(clinic.pk, "holds")
    terms = Terms(clinic, actor, now, Exceptions())
    with audited(actor):
        ids = list(
            Appointment.objects.for_clinic(clinic)
            .filter(status=Status.PENDING.value, held_until__lte=now)
            .values_list("pk", flat=True)
        )
        return len(let_lapse(terms, ids))
