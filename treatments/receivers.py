"""What the house announces and this room takes up, inside the announcer's transaction."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.signals import defaults_wanted
from treatments import services


@receiver(defaults_wanted, dispatch_uid="treatments.seed_clinic")
def seed_clinic(clinic: Clinic, **_kwargs: Any) -> None:
    """The catalogue: ingredients, techniques, areas, protocols, indications, recipes."""
    services.seed_clinic(clinic)
