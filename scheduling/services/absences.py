"""Carrying out what was proposed for an absence: patient by patient, each all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import DomainError
from scheduling.models import Appointment
from scheduling.services.moving import move_appointment
from scheduling.services.requests import Move, Target


@dataclass(frozen=True, slots=True)
class Accepted:
    """What staff accepted for one patient: every visit of theirs that moves."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class AbsenceResult:
    """The visits that were moved, and in words what was refused, patient by patient."""

    moved: tuple[Appointment, ...]
    refused: tuple[str, ...]


def replan_absence(
    *, clinic: Clinic, actor: Actor, now: datetime, accepted: Sequence[Accepted], reason: str
) -> AbsenceResult:
    """Move what was accepted. Each patient's visits move together and are announced once.

    A patient whose new times were taken meanwhile stays where they are; the others move. Repeating
    it is harmless.
    """
    moved: list[Appointment] = []
    refused: list[str] = []
    for one in accepted:
        first, *later = one.targets
        move = Move(visit=first, later=tuple(later), reason=reason)
        try:
            moved += move_appointment(clinic=clinic, actor=actor, now=now, move=move)
        except DomainError as error:
            refused.append(f"{_name(clinic, first)}: {error.message}")
    return AbsenceResult(tuple(moved), tuple(refused))


def _name(clinic: Clinic, target: Target) -> str:
    visits = Appointment.objects.for_clinic(clinic).filter(pk=target.appointment_id)
    found = visits.select_related("patient").first()
    return found.patient.name if found else "?"
