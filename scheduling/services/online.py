"""Booking online: hold a time, say who one is, prove the mailbox by a code, and it is booked.

A held time is time off of the practitioner and of one room (`OnlineBooking.away`): every search,
every booking at the desk and the calendar respect it as they respect leave. It is a little wider
than the visit, by the longest buffers of the clinic, so that no neighbour's buffer reaches into
it. It is taken under the locks of booking, so two patients never hold the same time.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.ids import new_id, new_token, token_digest
from mesoclinic.common.intervals import Interval
from patients.models import Patient
from patients.services import PatientData, register_patient
from scheduling.exceptions import (
    CallTheClinic,
    HoldOver,
    NothingFree,
    OnlineCodeWrong,
    SlotTaken,
    TooManyTries,
    in_patients_words,
)
from scheduling.models import Appointment, OnlineBooking, OnlineRules, TimeOff, VisitType
from scheduling.selectors.calendars import range_of
from scheduling.selectors.conflicts import clashes
from scheduling.selectors.online import open_rules
from scheduling.selectors.waitlist import off_limits
from scheduling.services import checks, locking, rooms
from scheduling.services.booking import book_appointment
from scheduling.services.drafts import Draft, Terms
from scheduling.services.requests import Booking, Exceptions

CODE_LIFE = timedelta(minutes=15)
CODE_TRIES = 5
CODES = 3
# While somebody looks for the mail the time is kept at least so long.
_MAIL_TAKES = timedelta(minutes=15)
_OPEN = (OnlineBooking.Status.HELD.value, OnlineBooking.Status.ASKED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody says they are."""

    name: str
    email: str
    phone: str
    birth_date: date
    note: str = ""
    language: str = ""


def online_actor(clinic: Clinic) -> Actor:
    """Who acts: nobody who has signed in."""
    return Actor.system(clinic.pk, "online booking")


def set_online_rules(
    *, clinic: Clinic, actor: Actor, values: Mapping[str, object], now: datetime
) -> OnlineRules:
    """What a manager has written (fields of OnlineRules, checked by the form)."""
    with audited(actor):
        rules, _made = OnlineRules.objects.update_or_create(
            clinic=clinic, defaults=dict(values), create_defaults={**values, "created_at": now}
        )
    return rules


@in_patients_words()
def hold_time(
    *, clinic: Clinic, kind: VisitType, practitioner_id: UUID, start: datetime, now: datetime
) -> tuple[OnlineBooking, str]:
    """Keep a time while the form is filled; the booking and its token, which is told once.

    The caller has made sure that the time is offered to patients. Raises SlotTaken, NothingFree,
    OutsideHours (somebody holds it), OnlineClosed, and what booking says of types and people.
    """
    rules = open_rules(clinic)
    actor = online_actor(clinic)
    terms = Terms(clinic, actor, now, Exceptions())
    for _attempt in range(rooms.ATTEMPTS):
        try:
            with audited(actor):
                return _hold(terms, _draft(terms, kind, practitioner_id, start), rules)
        except rooms.PickTaken:
            continue
    raise NothingFree(field="room")


def _hold(terms: Terms, wanted: Draft, rules: OnlineRules) -> tuple[OnlineBooking, str]:
    clinic, token = terms.clinic, new_token()
    (draft,) = rooms.with_rooms(terms, [wanted])
    locking.lock_parties(locking.Parties.of([draft.wanted]))
    _check_free(terms, draft)
    wide = _with_margins(clinic, draft.timing.occupies)
    until = terms.now + timedelta(minutes=rules.hold_minutes)
    label = _("Held: somebody books online")
    booking = OnlineBooking.objects.create(
        clinic=clinic, digest=token_digest(token), visit_type=draft.kind,
        practitioner_id=draft.member.staff_id, room_id=draft.room_id,
        during=range_of(draft.timing.during), held_until=until, created_at=terms.now,
        away=TimeOff.objects.create(
            clinic=clinic, practitioner_id=draft.member.staff_id, during=range_of(wide), label=label
        ),
        room_away=TimeOff.objects.create(
            clinic=clinic, room_id=draft.room_id, during=range_of(wide), label=label
        ),
    )  # fmt: skip
    return booking, token


def _draft(terms: Terms, kind: VisitType, practitioner_id: UUID, start: datetime) -> Draft:
    member = checks.bookable_practitioners(terms.clinic, [practitioner_id])[practitioner_id]
    timing = checks.Timing.of(kind, start)
    checks.check_licence(kind, member, terms.clinic.local(start).date())
    # Nobody yet: an id that no patient has takes part in the look for other visits.
    nobody = Patient(pk=new_id(), clinic=terms.clinic)
    return Draft(
        id=new_id(), patient=nobody, kind=kind, member=member, timing=timing, room_id=None,
        device_id=None,
    )  # fmt: skip


def _check_free(terms: Terms, draft: Draft) -> None:
    """Under the locks: no visit, no other hold, and the hours allow it."""
    found = [one for one in clashes([draft.wanted], terms.now) if not one.lapsed]
    if found:
        raise SlotTaken(found[0].parties)
    during = draft.timing.during
    hours = terms.hours_of([draft.member.staff_id])
    checks.check_hours(terms.clinic, hours, [(draft.member.staff_id, during)])
    away = TimeOff.objects.filter(in_force=True, during__overlap=range_of(during))
    if draft.room_id and away.filter(room=draft.room_id).exists():
        raise rooms.PickTaken


def _with_margins(clinic: Clinic, occupies: Interval[datetime]) -> Interval[datetime]:
    longest = VisitType.objects.for_clinic(clinic).filter(is_active=True)
    found = longest.aggregate(before=Max("buffer_before_min"), after=Max("buffer_after_min"))
    return Interval(
        occupies.start - timedelta(minutes=found["after"] or 0),
        occupies.end + timedelta(minutes=found["before"] or 0),
    )


def find_booking(clinic: Clinic, token: str) -> OnlineBooking:
    """The booking of a token in the clinic, whatever its state. Raises HoldOver."""
    rows = OnlineBooking.objects.for_clinic(clinic).select_related("visit_type", "practitioner")
    found = rows.filter(digest=token_digest(token)).first()
    if found is None:
        raise HoldOver
    found.clinic = clinic
    return found


def ask_for_code(
    *, booking: OnlineBooking, person: Person | None, now: datetime
) -> tuple[OnlineBooking, str]:
    """Note who it is and make a code for their mailbox; without `person` another one.

    The caller mails the code. The time is kept long enough for the mail. Raises HoldOver and
    TooManyTries.
    """
    with audited(online_actor(booking.clinic)):
        row = _locked(booking, now)
        if row.codes_sent >= CODES:
            raise TooManyTries
        if person is not None:
            row.name, row.email = person.name.strip(), person.email.strip().lower()
            row.phone, row.birth_date = person.phone.strip(), person.birth_date
            row.note, row.language = person.note.strip()[:300], person.language
        elif not row.email:
            raise HoldOver
        code = f"{secrets.randbelow(1_000_000):06d}"
        row.status = OnlineBooking.Status.ASKED.value
        row.code_digest, row.code_expires_at = code_digest(row.pk, code), now + CODE_LIFE
        row.code_attempts, row.codes_sent = 0, row.codes_sent + 1
        row.held_until = max(row.held_until, now + _MAIL_TAKES)
        row.save()
    return row, code


@in_patients_words()
def finish_booking(*, booking: OnlineBooking, code: str, now: datetime) -> Appointment:
    """Check the code and book; the patient is found by e-mail, birth date and name, or registered.

    Sending the right code twice gives the same visit. Raises OnlineCodeWrong (every try counts),
    CallTheClinic for whoever has missed too many visits, by the clinic's rule, HoldOver, and what
    booking raises should the desk have booked over it.
    """
    clinic = booking.clinic
    if booking.status == OnlineBooking.Status.BOOKED and booking.visit_id:
        return Appointment.objects.for_clinic(clinic).get(pk=booking.visit_id)
    with audited(online_actor(clinic)):
        row = _locked(booking, now)
        right = _is_right(row, code, now)
        if right:
            return _book(clinic, row, now)
        row.code_attempts += 1
        row.save(update_fields=["code_attempts"])
    # Outside the transaction: a wrong try must stay counted.
    raise OnlineCodeWrong(field="code")


def _is_right(row: OnlineBooking, code: str, now: datetime) -> bool:
    digest = code_digest(row.pk, "".join(code.split()))
    alive = row.code_expires_at is not None and now < row.code_expires_at
    known = bool(row.code_digest) and constant_time_compare(row.code_digest, digest)
    return alive and known and row.code_attempts < CODE_TRIES


def _book(clinic: Clinic, row: OnlineBooking, now: datetime) -> Appointment:
    actor = online_actor(clinic)
    patient = _patient_of(clinic, row, now)
    if off_limits(clinic, [patient.pk], now):
        raise CallTheClinic
    _let_go(row)
    visit = book_appointment(
        clinic=clinic, actor=actor, now=now,
        booking=Booking(
            patient_id=patient.pk, visit_type_id=row.visit_type_id,
            practitioner_id=row.practitioner_id, start=row.during.lower, room_id=row.room_id,
            note=row.note, key=f"online-{row.pk}",
        ),
    )  # fmt: skip
    row.visit_id = visit.pk
    _end(row, OnlineBooking.Status.BOOKED)
    return visit


def _patient_of(clinic: Clinic, row: OnlineBooking, now: datetime) -> Patient:
    """Who proved the mailbox and says the same name and birth date is the same person."""
    alike = Patient.objects.for_clinic(clinic).filter(
        email__iexact=row.email, birth_date=row.birth_date, name__iexact=row.name
    )
    known = next((one for one in alike.order_by("created_at") if one.can_be_contacted), None)
    if known is not None:
        return known
    data = PatientData(
        name=row.name, email=row.email, phone=row.phone, birth_date=row.birth_date,
        language=row.language,
    )  # fmt: skip
    return register_patient(
        actor=online_actor(clinic), clinic=clinic, data=data, now=now, accept_duplicate=True
    )


def give_up(*, booking: OnlineBooking, now: datetime) -> None:
    """The patient goes back: the time is free at once. Harmless when it is over already."""
    with audited(online_actor(booking.clinic)):
        rows = OnlineBooking.objects.select_for_update(of=("self",)).filter(pk=booking.pk)
        for row in rows.filter(status__in=_OPEN):
            _let_go(row)
            _end(row, OnlineBooking.Status.LAPSED)


def release_lapsed(*, clinic: Clinic, now: datetime) -> int:
    """Free the times of those who did not finish; how many."""
    late = Q(status__in=_OPEN, held_until__lte=now)
    if not OnlineBooking.objects.for_clinic(clinic).filter(late).exists():
        return 0
    with audited(online_actor(clinic)):
        rows: Sequence[OnlineBooking] = list(
            OnlineBooking.objects.for_clinic(clinic)
            .filter(late)
            .select_for_update(of=("self",), skip_locked=True)
        )
        for row in rows:
            _let_go(row)
            _end(row, OnlineBooking.Status.LAPSED)
    return len(rows)


def code_digest(booking_id: UUID, code: str) -> str:
    """What is stored of a code: keyed, because a million codes are quickly searched."""
    return salted_hmac(f"scheduling.online.{booking_id}", code, algorithm="sha256").hexdigest()


def _locked(booking: OnlineBooking, now: datetime) -> OnlineBooking:
    row = OnlineBooking.objects.select_for_update(of=("self",)).get(pk=booking.pk)
    row.clinic = booking.clinic
    if not row.is_open(now):
        raise HoldOver
    return row


def _let_go(row: OnlineBooking) -> None:
    ids = [one for one in (row.away_id, row.room_away_id) if one]
    row.away = row.room_away = None
    row.save(update_fields=["away", "room_away"])
    TimeOff.objects.filter(pk__in=ids).delete()


def _end(row: OnlineBooking, status: OnlineBooking.Status) -> None:
    """Over: who it was is nobody's business any more."""
    row.status = status.value
    row.name = row.email = row.phone = row.note = row.code_digest = ""
    row.birth_date = None
    row.save()
