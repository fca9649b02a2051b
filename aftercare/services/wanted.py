"""Is a message still wanted? Asked for a whole batch, after it was claimed and before it leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from aftercare.models import Message
from mesoclinic.clinic.models import Clinic
from patients.models import ContactPreference, Screening
from patients.selectors import screening_status_for
from scheduling.models import Appointment

_Status = Appointment.StatusChoices
_GONE = {_Status.CANCELLED, _Status.NO_SHOW, _Status.PENDING}


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
    screened: frozenset[UUID] = frozenset()


def load_facts(messages: Sequence[Message], now: dt.datetime) -> Facts:
    """Four queries, and two for each clinic that announces a booking, however many messages."""
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
        appointments=_appointments(visits, messages),
        refusals=frozenset(refusals.values_list("patient_id", "channel", "purpose")),
        answered={patient: at for patient, at in answered if at is not None},
        screened=_screened(messages, now),
    )


def _appointments(ids: set[UUID], messages: Sequence[Message]) -> dict[UUID, Appointment]:
    """The visits with practitioner, clinic and patient; the last two are those of the messages."""
    if not ids:
        return {}
    found = Appointment.objects.prefetch_related("practitioner").in_bulk(ids)
    clinics = {message.clinic_id: message.clinic for message in messages}
    people = {message.patient_id: message.patient for message in messages}
    for visit in found.values():
        if visit.clinic_id in clinics:
            visit.clinic = clinics[visit.clinic_id]
        if visit.patient_id in people:
            visit.patient = people[visit.patient_id]
    return found


def _screened(messages: Sequence[Message], now: dt.datetime) -> frozenset[UUID]:
    """Who has a valid screening, of those who are told that a visit is booked."""
    asked: dict[Clinic, set[UUID]] = {}
    for message in messages:
        if message.context.get("calendar") == "booked":
            asked.setdefault(message.clinic, set()).add(message.patient_id)
    return frozenset(
        pk
        for clinic, patients in asked.items()
        for pk, status in screening_status_for(patients, clinic.today(now), clinic=clinic).items()
        if status.is_valid
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
        return _visits_gone(message, facts, now)
    if message.subject_type == "invitation":
        return _already_answered(message, facts)
    return None


def standing(message: Message, facts: Facts, now: dt.datetime) -> list[Appointment]:
    """The visits a message still speaks of truly, by time: for a cancellation the cancelled ones.

    A booking or move may announce several; one that was cancelled, held or moved since is told of
    by a message of its own.
    """
    return sorted(
        (
            facts.appointments[pk]
            for pk in _spoken_of(message)
            if pk in facts.appointments and _why_not(message, facts.appointments[pk], now) is None
        ),
        key=lambda visit: visit.during.lower,
    )


def _spoken_of(message: Message) -> list[UUID]:
    return [UUID(pk) for pk in message.context.get("appointments", [])] or [message.subject_id]


def _visits_gone(message: Message, facts: Facts, now: dt.datetime) -> Unwanted | None:
    if standing(message, facts, now):
        return None
    visit = facts.appointments.get(_spoken_of(message)[0])
    why = _why_not(message, visit, now) if visit is not None else None
    return Unwanted(Message.State.SKIPPED, why or _("The visit does not take place."))


def _why_not(message: Message, visit: Appointment, now: dt.datetime) -> str | None:
    """Why a message must not speak of a visit any more; None where it may."""
    if message.context.get("calendar") == "cancelled":
        again = visit.status != _Status.CANCELLED
        return _("The visit takes place after all.") if again else None
    if visit.status in _GONE:
        return _("The visit does not take place.")
    if visit.status == _Status.ON_HOLD:
        return _("The visit is on hold.")
    versions = message.context.get("versions", {})
    if visit.schedule_version != versions.get(str(visit.pk), message.schedule_version):
        return _("The visit was moved.")
    return _("The visit has begun already.") if visit.during.lower <= now else None


def _already_answered(message: Message, facts: Facts) -> Unwanted | None:
    answered_at = facts.answered.get(message.patient_id)
    if answered_at is not None and answered_at > message.created_at:
        return Unwanted(Message.State.SKIPPED, _("The questionnaire has been answered already."))
    return None
