"""Is a message still wanted? Asked for a whole batch, after it was claimed and before it leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from aftercare.models import Message
from patients.models import ContactPreference, Screening
from scheduling.models import Appointment

_GONE = {
    Appointment.StatusChoices.CANCELLED,
    Appointment.StatusChoices.NO_SHOW,
    Appointment.StatusChoices.PENDING,
}


@dataclass(frozen=True)
class Unwanted:
    """Why a message does not leave, and the state it ends in."""

    state: Message.State
    why: str


@dataclass(frozen=True)
class Facts:
    """What is true now about everything a batch of messages speaks of."""

    appointments: dict[UUID, Appointment]
    refusals: frozenset[tuple[UUID, str, str]]
    answered: dict[UUID, dt.datetime]


def load_facts(messages: Sequence[Message]) -> Facts:
    """Three queries, however many messages."""
    patients = {m.patient_id for m in messages}
    visits = {m.subject_id for m in messages if m.subject_type == "appointment"}
    for message in messages:
        visits.update(UUID(pk) for pk in message.context.get("appointments", []))
    refusals = ContactPreference.objects.filter(patient__in=patients, allowed=False)
    answered = (
        Screening.objects.filter(patient__in=patients, submitted_at__isnull=False)
        .order_by("submitted_at")
        .values_list("patient_id", "submitted_at")
        if any(m.subject_type == "invitation" for m in messages)
        else []
    )
    return Facts(
        appointments=(
            Appointment.objects.select_related("visit_type", "practitioner").in_bulk(visits)
            if visits
            else {}
        ),
        refusals=frozenset(refusals.values_list("patient_id", "channel", "purpose")),
        answered={patient: at for patient, at in answered if at is not None},
    )


def unwanted(message: Message, facts: Facts, now: dt.datetime) -> Unwanted | None:
    """None when the message may leave; otherwise the state it ends in and why.

    `message.patient` must be loaded fresh, after the claim.
    """
    patient = message.patient
    if not patient.can_be_contacted:
        return Unwanted(Message.State.SUPPRESSED, _("The patient is not to be contacted."))
    if now >= message.expires_at:
        return Unwanted(Message.State.EXPIRED, _("Its time had passed before it could leave."))
    if not patient.email:
        return Unwanted(Message.State.FAILED, _("The patient has no e-mail address."))
    refused = (patient.pk, message.channel, message.purpose) in facts.refusals
    if refused and not message.is_essential:
        return Unwanted(Message.State.SUPPRESSED, _("The patient opted out of such messages."))
    if message.subject_type == "appointment":
        return _visit_gone(message, facts)
    if message.subject_type == "invitation":
        return _already_answered(message, facts)
    return None


def _visit_gone(message: Message, facts: Facts) -> Unwanted | None:
    if message.step_key == "visit-cancelled":
        return None
    visit = facts.appointments.get(message.subject_id)
    if visit is None or visit.status in _GONE:
        return Unwanted(Message.State.SKIPPED, _("The visit does not take place."))
    if visit.status == Appointment.StatusChoices.ON_HOLD:
        return Unwanted(Message.State.SKIPPED, _("The visit is on hold."))
    if visit.schedule_version != message.schedule_version:
        return Unwanted(Message.State.SKIPPED, _("The visit was moved."))
    return None


def _already_answered(message: Message, facts: Facts) -> Unwanted | None:
    answered_at = facts.answered.get(message.patient_id)
    if answered_at is not None and answered_at > message.created_at:
        return Unwanted(Message.State.SKIPPED, _("The questionnaire has been answered already."))
    return None
