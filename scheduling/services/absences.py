"""Carrying out what was proposed for an absence: patient by patient, each all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import DomainError
from scheduling.exceptions import ChangedMeanwhile
from scheduling.models import Appointment
from scheduling.services.moving import are_there, move_appointment
from scheduling.services.requests import Move, Target


@dataclass(frozen=True, slots=True)
class Accepted:
    """What staff accepted for one patient: every visit of theirs that moves."""

    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class AbsenceResult:
    """The visits that were moved, and in words what was refused, patient by patient.

    `stood` counts the visits that another page had moved there already.
    """

    moved: tuple[Appointment, ...]
    refused: tuple[str, ...]
    stood: int = 0


def replan_absence(
    *, clinic: Clinic, actor: Actor, now: datetime, accepted: Sequence[Accepted], reason: str
) -> AbsenceResult:
    """Move what was accepted. Each patient's visits move together and are announced once.

    A patient whose new times were taken meanwhile stays where they are; the others move. Repeating
    it is harmless.
    """
    moved: list[Appointment] = []
    refused: list[str] = []
    stood = 0
    for one in accepted:
        try:
            rows = _moved(clinic, actor, now, one.targets, reason)
        except DomainError as error:
            refused.append(f"{_name(clinic, one.targets[0])}: {error.message}")
        else:
            moved += rows
            stood += 0 if rows else len(one.targets)
    return AbsenceResult(tuple(moved), tuple(refused), stood)


def _moved(
    clinic: Clinic, actor: Actor, now: datetime, targets: tuple[Target, ...], reason: str
) -> list[Appointment]:
    """The visits moved, or none where they stand there already, be it since this moment."""
    if are_there(clinic, targets):
        return []
    first, *later = targets
    move = Move(visit=first, later=tuple(later), reason=reason)
    try:
        return move_appointment(clinic=clinic, actor=actor, now=now, move=move)
    except ChangedMeanwhile:
        if are_there(clinic, targets):
            return []
        raise


def _name(clinic: Clinic, target: Target) -> str:
    visits = Appointment.objects.for_clinic(clinic).filter(pk=target.appointment_id)
    found = visits.select_related("patient").first()
    return found.patient.name if found else "?"
