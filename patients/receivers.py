"""What the house announces and this room takes up, inside the announcer's transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.signals import defaults_wanted
from patients import services


@receiver(defaults_wanted, dispatch_uid="patients.seed_clinic")
def seed_clinic(clinic: Clinic, actor: Actor, now: dt.datetime, **_kwargs: Any) -> None:
    """Clinical terms and the first questionnaire."""
    services.seed_clinic(clinic, actor=actor, now=now)
