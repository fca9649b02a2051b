"""What a patient does with their own visits by link: move one to a safe time, cancel one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import local_date
from patients.models import Patient
from scheduling.domain.status import Status
from scheduling.exceptions import NotOffered, TooLateToChange, in_patients_words
from scheduling.models import Appointment
from scheduling.selectors.moves import Effect, Place, effect_of_move
from scheduling.selectors.own import may_change, online_rules, own_visit, safe_times
from scheduling.services.moving import move_appointment
from scheduling.services.requests import Move, Target
from scheduling.services.status import cancel_appointment

BY_PATIENT = gettext_noop("By the patient, by link.")


@in_patients_words()
def effect_of_own_move(
    *, clinic: Clinic, visit: Appointment, start: datetime, now: datetime
) -> Effect:
    """What moving the visit there does to the later ones. Changes nothing.

    Raises NotOffered for a time that patients can't choose, or that would push a later session out
    of its window, and TooLateToChange.
    """
    check_may_change(clinic, visit, now)
    times = safe_times(clinic, visit, local_date(start, clinic.zone), now)
    if not any(offer.slot.start == start for offer in times.offers):
        raise NotOffered(field="slot")
    effect = effect_of_move(clinic, visit, Place(start, visit.practitioner_id), now)
    if effect.outside:
        raise NotOffered(
            _("With this time a later visit would not fit any more. Please choose another one."),
            field="slot",
        )
    return effect


@in_patients_words()
def move_own_visit(
    *,
    clinic: Clinic,
    actor: Actor,
    now: datetime,
    visit: Appointment,
    start: datetime,
    agreed: Sequence[UUID] = (),
) -> list[Appointment]:
    """Move the visit, and with it exactly the later ones that the patient has seen (`agreed`).

    All of them or none. Raises what `effect_of_own_move` and `move_appointment` raise, and NotOffered
    where other visits would have to move by now than those that were shown.
    """
    if visit.during.lower == start and visit.status in {Status.BOOKED, Status.CONFIRMED}:
        return [visit]
    effect = effect_of_own_move(clinic=clinic, visit=visit, start=start, now=now)
    if {one.appointment.pk for one in effect.shifts} != set(agreed):
        raise NotOffered(field="slot")
    later = tuple(
        Target(
            one.appointment.pk, one.after.start, one.appointment.schedule_version,
            one.after.practitioner_id,
        )
        for one in effect.shifts
    )  # fmt: skip
    target = Target(visit.pk, start, visit.schedule_version, visit.practitioner_id)
    move = Move(visit=target, later=later, reason=BY_PATIENT)
    return move_appointment(clinic=clinic, actor=actor, now=now, move=move)


@in_patients_words()
def cancel_own_visit(
    *, clinic: Clinic, actor: Actor, now: datetime, patient: Patient, appointment_id: UUID
) -> Appointment:
    """Cancel until the clinic's limit; twice is harmless. Raises TooLateToChange, AppointmentNotFound."""
    visit = own_visit(clinic, patient, appointment_id)
    if visit.status == Status.CANCELLED:
        return visit
    check_may_change(clinic, visit, now)
    return cancel_appointment(
        clinic=clinic, actor=actor, now=now, appointment_id=visit.pk, reason=BY_PATIENT
    )


def check_may_change(clinic: Clinic, visit: Appointment, now: datetime) -> None:
    """Raise TooLateToChange where the clinic wants to be called."""
    if not may_change(visit, online_rules(clinic), now):
        raise TooLateToChange
