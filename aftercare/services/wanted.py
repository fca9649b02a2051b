"""Is a message still wanted? Asked for a whole batch, after it was claimed and before it leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftercare.models import AddressProblem, Channel, Message
from mesoclinic.clinic.models import Clinic
from patients.models import ContactPreference, Screening
from patients.selectors import screening_status_for
from scheduling.models import Appointment

_Status = Appointment.StatusChoices
_GONE = {_Status.CANCELLED, _Status.NO_SHOW, _Status.PENDING}
_COMING = [_Status.BOOKED.value, _Status.CONFIRMED.value]
# Subjects that ask for the questionnaire; subjects for which it matters whether a visit comes.
_ASKS = {"invitation", "screening"}
_LATER = {"plan", "screening"}
# A screening that holds for this long after its reminder was due has been renewed meanwhile.
_RENEWED = dt.timedelta(days=30)


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
    # Who has a visit to come; until when a screening holds; addresses that do not work.
    expected: frozenset[UUID] = frozenset()
    valid_until: Mapping[UUID, dt.date] = field(default_factory=dict)
    unreachable: Mapping[tuple[UUID, str, str], str] = field(default_factory=dict)
    # The next visit of those who are told of it (`learn_coming`).
    coming: dict[UUID, Appointment] = field(default_factory=dict)


def load_facts(messages: Sequence[Message], now: dt.datetime) -> Facts:
    """At most eight queries, and two for each clinic that announces a booking."""
    patients = {m.patient_id for m in messages}
    visits = {m.subject_id for m in messages if m.subject_type == "appointment"}
    for message in messages:
        visits.update(UUID(pk) for pk in message.context.get("appointments", []))
    refusals = ContactPreference.objects.filter(patient__in=patients, allowed=False)
    answered = (
        Screening.objects.filter(patient__in=patients, submitted_at__isnull=False)
        .order_by("submitted_at")
        .values_list("patient_id", "submitted_at")
        if any(m.subject_type in _ASKS for m in messages)
        else []
    )
    return Facts(
        appointments=_appointments(visits, messages),
        refusals=frozenset(refusals.values_list("patient_id", "channel", "purpose")),
        answered={patient: at for patient, at in answered if at is not None},
        screened=_screened(messages, now),
        expected=_expected([m.patient_id for m in messages if m.subject_type in _LATER], now),
        valid_until=_valid_until([m for m in messages if m.subject_type == "screening"], now),
        unreachable=_unreachable(patients),
    )


def learn_visits(facts: Facts, messages: Sequence[Message]) -> None:
    """Add the visits that messages have taken in since the facts were loaded; no query if none."""
    spoken = {pk for message in messages for pk in message.context.get("appointments", [])}
    missing = {UUID(pk) for pk in spoken} - facts.appointments.keys()
    facts.appointments.update(_appointments(missing, messages))


def learn_coming(facts: Facts, patients: Sequence[UUID], now: dt.datetime) -> None:
    """Add the next visit of each of these patients; no query if there are none."""
    if patients:
        visits = Appointment.objects.filter(
            patient__in=patients, during__startswith__gt=now, status__in=_COMING
        ).order_by("patient_id", "during")
        facts.coming.update({visit.patient_id: visit for visit in visits.distinct("patient_id")})


def _expected(patients: Sequence[UUID], now: dt.datetime) -> frozenset[UUID]:
    """Who of these has a visit to come."""
    if not patients:
        return frozenset()
    visits = Appointment.objects.filter(
        patient__in=patients, during__startswith__gt=now, status__in=_COMING
    )
    return frozenset(visits.values_list("patient_id", flat=True))


def _valid_until(messages: Sequence[Message], now: dt.datetime) -> dict[UUID, dt.date]:
    """Until when the screenings hold that these messages say run out."""
    found = {}
    for clinic in {message.clinic for message in messages}:
        people = {m.patient_id for m in messages if m.clinic_id == clinic.pk}
        for pk, status in screening_status_for(people, clinic.today(now), clinic=clinic).items():
            if status.valid_until is not None:
                found[pk] = status.valid_until
    return found


def _unreachable(patients: set[UUID]) -> dict[tuple[UUID, str, str], str]:
    """Why nothing is sent to an address any more, by patient, channel and address."""
    rows = AddressProblem.objects.filter(patient__in=patients, cleared_at=None)
    return {(row.patient_id, row.channel, row.address): str(row.get_kind_display()) for row in rows}


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
    if not message.recipient:
        return Unwanted(Message.State.FAILED, str(_NO_ADDRESS[message.channel == Channel.EMAIL]))
    problem = facts.unreachable.get((patient.pk, message.channel, message.recipient))
    if problem is not None:
        why = _("Nothing is sent to this address any more: %(why)s.") % {"why": problem.lower()}
        return Unwanted(Message.State.FAILED, why)
    wish = Channel(message.channel).wish
    if (patient.pk, wish, message.purpose) in facts.refusals and not message.is_essential:
        return Unwanted(Message.State.SUPPRESSED, _("The patient opted out of such messages."))
    if message.subject_type == "appointment":
        return _visits_gone(message, facts, now)
    if message.subject_type == "offer" and now >= _kept_until(message):
        return Unwanted(Message.State.EXPIRED, _("The offered time was not kept any longer."))
    return _overtaken(message, facts, now)


_NO_ADDRESS = {
    True: gettext_lazy("The patient has no e-mail address."),
    False: gettext_lazy("The patient has no phone number."),
}


def _overtaken(message: Message, facts: Facts, now: dt.datetime) -> Unwanted | None:
    """Whether what has happened since makes a message pointless that speaks of no visit."""
    comes = message.patient_id in facts.expected
    why: str | None = None
    if message.subject_type == "plan" and message.purpose == ContactPreference.Purpose.NEWS:
        why = _("The patient has a visit to come already.") if comes else None
    elif message.subject_type == "screening":
        until = facts.valid_until.get(message.patient_id)
        renewed = until is not None and until > message.clinic.today(now + _RENEWED)
        if not comes:
            why = _("The patient has no visit to come.")
        elif renewed:
            why = _("The screening has been renewed.")
    if why is not None:
        return Unwanted(Message.State.SKIPPED, why)
    return _already_answered(message, facts) if message.subject_type in _ASKS else None


def _kept_until(message: Message) -> dt.datetime:
    return dt.datetime.fromisoformat(message.context["offer"]["until"])


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
