"""Who may do what in the treatments room."""

from __future__ import annotations

from uuid import UUID

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.common.errors import Forbidden


def check_can_treat(actor: Actor) -> None:
    """Raise Forbidden unless the actor is a practitioner (or the house itself: loaders, tasks)."""
    if actor.kind != "system":
        check_can(actor, Policy.CLINICAL)


def check_can_keep_stock(actor: Actor) -> None:
    """Raise Forbidden unless the actor is a practitioner or a manager (or the house itself)."""
    if actor.kind != "system":
        check_can(actor, Policy.CLINICAL_OR_MANAGER)


def signer_of(actor: Actor, fallback: UUID) -> UUID:
    """The staff member behind the actor; for the house itself the practitioner of the row."""
    check_can_treat(actor)
    if actor.kind == "system":
        return fallback
    if actor.staff_id is None:
        raise Forbidden
    return actor.staff_id
