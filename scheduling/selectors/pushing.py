"""Whom a late or long visit would push, before it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_noop

from mesoclinic.clinic.models import Clinic
from scheduling.domain.pushing import Spell, push
from scheduling.domain.status import Status
from scheduling.models import Appointment
from scheduling.selectors.appointments import appointments
from scheduling.selectors.calendars import range_of
from scheduling.selectors.slots import days_between

_AHEAD = [
    Status.PENDING.value, Status.BOOKED.value, Status.CONFIRMED.value, Status.ARRIVED.value,
    Status.ON_HOLD.value,
]  # fmt: skip

# The reason on record of every move of a push: by it the whole push is taken back.
PUSHED = gettext_noop("The day was pushed.")


@dataclass(frozen=True, slots=True)
class Pushed:
    """A visit and its new time."""

    appointment: Appointment
    start: datetime
    end: datetime


def effect_of_push(clinic: Clinic, appointment: Appointment, minutes: int) -> list[Pushed]:
    """The visit itself first, then everybody after it on the practitioner's day who must move.

    A visit that is under way runs over (its end moves); any other begins later. One query.
    """
    day = clinic.local(appointment.during.lower).date()
    rows = {
        row.pk: row
        for row in appointments(clinic)
        .filter(practitioner_id=appointment.practitioner_id, status__in=_AHEAD)
        .filter(during__overlap=range_of(days_between(clinic, day, day)))
    }
    rows[appointment.pk] = appointment
    here = spell_of(appointment)
    late = timedelta(minutes=minutes)
    start = here.start if appointment.status == Status.IN_SESSION else here.start + late
    changed = replace(here, start=start, end=here.end + late)
    moved = [changed, *push(changed, _after(here, rows))]
    return [Pushed(rows[spell.id], spell.start, spell.end) for spell in moved]


def spell_of(row: Appointment) -> Spell:
    """A stored visit with the buffers that it has."""
    during, occupies = row.during, row.occupies
    return Spell(
        during.lower, during.upper, row.pk, during.lower - occupies.lower,
        occupies.upper - during.upper,
    )  # fmt: skip


def _after(here: Spell, rows: dict[UUID, Appointment]) -> list[Spell]:
    """The visits that began after this one, before anything moved."""
    spells = [spell_of(row) for row in rows.values()]
    return [spell for spell in spells if spell.id != here.id and spell.start >= here.end]
