"""What the house announces and this room takes up, inside the announcer's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.dispatch import receiver
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.signals import defaults_wanted
from patients.signals import record_closing
from treatments import services


@receiver(defaults_wanted, dispatch_uid="treatments.seed_clinic")
def seed_clinic(clinic: Clinic, **_kwargs: Any) -> None:
    """The catalogue: ingredients, techniques, areas, protocols, indications, recipes."""
    services.seed_clinic(clinic)


@receiver(record_closing, dispatch_uid="treatments.record_closing")
def end_what_runs(
    actor: Actor, entries: Collection[UUID], now: dt.datetime, **_kwargs: Any
) -> None:
    """Plans stop and reactions are closed: nobody can do so once the record is."""
    why = _("Record erased")
    services.stop_plans_of(patients=entries, reason=why, actor=actor, now=now)
    services.close_events_of(patients=entries, outcome=why, actor=actor, now=now)
