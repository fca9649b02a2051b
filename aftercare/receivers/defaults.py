"""What a clinic starts with in this room."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from aftercare.services import seeding
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.signals import defaults_wanted


@receiver(defaults_wanted, dispatch_uid="aftercare.seed_clinic")
def seed_clinic(clinic: Clinic, actor: Actor, **_kwargs: Any) -> None:
    """Texts, programme, ready answers and the rules of triage."""
    seeding.seed_clinic(clinic, actor=actor)
