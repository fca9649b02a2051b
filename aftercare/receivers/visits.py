"""Visits booked, moved, cancelled, missed: what is planned and what is withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftercare.models import ProgrammeStep
from aftercare.services import planning
from aftercare.services.planning import Subject
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from scheduling.models import Appointment, AppointmentMove
from scheduling.signals import (
    appointment_status_changed,
    appointments_booked,
    appointments_cancelled,
    appointments_moved,
)

Anchor = ProgrammeStep.Anchor
GRACE = dt.timedelta(minutes=3)
_QUIET = {
    Appointment.StatusChoices.NO_SHOW: gettext_lazy("The patient did not come."),
    Appointment.StatusChoices.ON_HOLD: gettext_lazy("The visit is on hold."),
}


@receiver(appointments_booked)
def plan_for_booking(
    clinic: Clinic,
    appointments: Sequence[Appointment],
    now: dt.datetime,
    *,
    actor: Actor | None = None,
    **_kwargs: Any,
) -> None:
    """One confirmation for all of them, and the reminders of each."""
    visits = [_visit(appointment) for appointment in appointments]
    untold = visits
    if any(visit.version > 1 for visit in visits):
        # Brought back before the patient heard of the cancellation: nothing has happened.
        why = _("The visit takes place after all.")
        untold = planning.take_back(clinic, visits, calendar="cancelled", why=why, now=now)
    told = planning.to_announce(clinic, untold, calendar="booked", now=now, at=_leaves(actor, now))
    planning.plan_each(clinic, [(Anchor.BOOKED, told), (Anchor.VISIT, visits)], now=now)


@receiver(appointments_moved)
def replan_for_move(
    clinic: Clinic,
    actor: Actor,
    appointments: Sequence[Appointment],
    moves: Sequence[AppointmentMove],
    now: dt.datetime,
    *,
    undone: bool = False,
    **_kwargs: Any,
) -> None:
    """Withdraw what spoke of the old times, then announce once what is new: time, person, or both.

    A move taken back (`undone`) before the patient heard of it is not announced, nor another room.
    """
    visits = [_visit(appointment) for appointment in appointments]
    why = _("The visit was moved.")
    untold = [
        replace(
            visit,
            context={
                "before": [move.from_during.lower.isoformat(), str(move.from_practitioner_id)]
            },
        )
        for visit, move in zip(visits, moves, strict=True)
        if move.is_news
    ]
    if undone:
        why_not = _("The move was taken back.")
        untold = planning.take_back(clinic, untold, calendar="moved", why=why_not, now=now)
    planning.withdraw("appointment", [visit.id for visit in visits], why=why, now=now)
    told = planning.to_announce(clinic, untold, calendar="moved", now=now, at=_leaves(actor, now))
    planning.plan_each(clinic, [(Anchor.MOVED, told), (Anchor.VISIT, visits)], now=now)


@receiver(appointments_cancelled)
def withdraw_for_cancellation(
    clinic: Clinic,
    actor: Actor,
    appointments: Sequence[Appointment],
    now: dt.datetime,
    **_kwargs: Any,
) -> None:
    """Withdraw the reminders and say once that the visits do not take place.

    Nobody hears of the end of a visit whose booking they have not heard of.
    """
    visits = [_visit(appointment) for appointment in appointments]
    why = _("The visit was cancelled.")
    known = planning.take_back(clinic, visits, calendar="booked", why=why, now=now)
    planning.withdraw("appointment", [visit.id for visit in visits], why=why, now=now)
    planning.announce(
        clinic, Anchor.CANCELLED, known, calendar="cancelled", now=now, at=_leaves(actor, now)
    )


@receiver(appointment_status_changed)
def follow_status(
    clinic: Clinic,
    appointment: Appointment,
    from_status: str,
    to_status: str,
    now: dt.datetime,
    **_kwargs: Any,
) -> None:
    """A visit on hold or missed is not spoken of; one that is on again is reminded of again."""
    if to_status in _QUIET:
        why = str(_QUIET[Appointment.StatusChoices(to_status)])
        planning.withdraw("appointment", [appointment.pk], why=why, now=now)
    elif from_status in _QUIET:
        planning.revive(_visit(appointment), why=_("The visit takes place after all."), now=now)


def _leaves(actor: Actor | None, now: dt.datetime) -> dt.datetime:
    """When an announcement leaves: somebody at a screen has a few minutes to take a change back.

    Programs, patients by link and loaders (no request behind them) are taken at their word.
    """
    return now + GRACE if actor and actor.kind == "staff" and actor.request_id else now


def _visit(appointment: Appointment) -> Subject:
    return Subject(
        kind="appointment",
        id=appointment.pk,
        patient_id=appointment.patient_id,
        anchor=appointment.during.lower,
        version=appointment.schedule_version,
        is_session=appointment.planned_session_id is not None,
    )
