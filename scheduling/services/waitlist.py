"""The waiting list: joining and leaving it, and offering freed times along it, one by one.

An offer holds the time (a pending visit) for one patient. The row of the freed time is locked
before anything else, so that the answer, the clock and the next offer take turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import DomainError
from mesoclinic.common.intervals import Interval
from scheduling import signals
from scheduling.domain.status import UPCOMING, Status
from scheduling.exceptions import AlreadyWaiting, NobodyWaits, OfferOver
from scheduling.models import Appointment, FreedTime, WaitlistEntry, WaitlistOffer
from scheduling.selectors import waitlist as selectors
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.calendars import Search, interval_of, range_of
from scheduling.selectors.slots import free_slots
from scheduling.services import checks, courses
from scheduling.services.booking import book_appointment
from scheduling.services.moving import move_appointment
from scheduling.services.requests import Booking, Move, Target
from scheduling.services.status import StatusChange, cancel_appointment, change_status

# The patient must be able to get here; and to answer at all.
_LAST_MINUTE = timedelta(minutes=30)
_SHORTEST = timedelta(minutes=5)
# A cancellation may be taken back so long; only then is its time offered.
UNDO = timedelta(minutes=5)

Offered = WaitlistOffer.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistWish:
    """What somebody waits for; empty or None means: any. With `appointment_id` an earlier time."""

    patient_id: UUID
    visit_type_id: UUID
    practitioner_id: UUID | None = None
    planned_session_id: UUID | None = None
    appointment_id: UUID | None = None
    weekdays: frozenset[int] = field(default_factory=frozenset)
    starts_from: time | None = None
    starts_until: time | None = None
    first_day: date | None = None
    last_day: date | None = None
    note: str = ""


def join_waitlist(
    *, clinic: Clinic, actor: Actor, now: datetime, wish: WaitlistWish
) -> WaitlistEntry:
    """Put somebody on the list. Raises AlreadyWaiting, NotBookable, and what booking raises."""
    kind = checks.bookable_type(clinic, wish.visit_type_id)
    patient = checks.bookable_patient(clinic, wish.patient_id)
    if wish.practitioner_id is not None:
        checks.bookable_practitioners(clinic, [wish.practitioner_id])
    session_id = wish.planned_session_id
    if wish.appointment_id is not None:
        visit = get_appointment(clinic, wish.appointment_id)
        session_id = visit.planned_session_id
    elif session_id is not None:
        courses.open_session(clinic, patient, session_id)
    entry = WaitlistEntry(
        clinic=clinic, patient=patient, visit_type=kind, practitioner_id=wish.practitioner_id,
        planned_session_id=session_id, appointment_id=wish.appointment_id,
        weekdays=sorted(wish.weekdays), starts_from=wish.starts_from,
        starts_until=wish.starts_until, first_day=wish.first_day, last_day=wish.last_day,
        note=wish.note.strip(), created_at=now,
    )  # fmt: skip
    try:
        with audited(actor):
            entry.save()
    except IntegrityError as error:
        raise AlreadyWaiting from error
    return entry


def leave_waitlist(*, clinic: Clinic, actor: Actor, now: datetime, entry_id: UUID) -> WaitlistEntry:
    """Take somebody off the list; an offer that waits for their answer ends. Harmless twice."""
    with audited(actor):
        entry = selectors.get_entry(clinic, entry_id)
        for offer in entry.offers.filter(status=Offered.OPEN):
            _end(clinic, actor, now, _locked(clinic, offer.pk), Offered.DECLINED)
        _settle(entry, WaitlistEntry.Status.LEFT, now)
    return entry


def settle_waiting(
    *, clinic: Clinic, actor: Actor, now: datetime, appointments: Sequence[Appointment]
) -> None:
    """Whoever waited for what is booked now waits no longer: for this session, or a visit of this
    type outside a course. An offer that is open then ends by its clock. One query for each patient.
    """
    for patient_id in {visit.patient_id for visit in appointments}:
        for entry in selectors.WAITS.all(clinic.pk, patient_id):
            if any(_is_what(entry, visit) for visit in appointments):
                with audited(actor):
                    _settle(entry, WaitlistEntry.Status.BOOKED, now)


def _is_what(entry: WaitlistEntry, visit: Appointment) -> bool:
    if visit.patient_id != entry.patient_id or entry.appointment_id is not None:
        return False
    if entry.planned_session_id is None and visit.planned_session_id is None:
        return entry.visit_type_id == visit.visit_type_id
    return entry.planned_session_id == visit.planned_session_id


def wait_again(*, clinic: Clinic, actor: Actor, visits: Sequence[UUID]) -> None:
    """Bookings are taken back: whom they took off the list is on it again."""
    for visit in Appointment.objects.for_clinic(clinic).filter(pk__in=list(visits)):
        ended = WaitlistEntry.objects.for_clinic(clinic).filter(
            patient_id=visit.patient_id, status=WaitlistEntry.Status.BOOKED,
            ended_at=visit.created_at, appointment=None,
        )  # fmt: skip
        for entry in ended:
            if _is_what(entry, visit):
                with audited(actor):
                    entry.status, entry.ended_at = WaitlistEntry.Status.WAITING, None
                    entry.save(update_fields=["status", "ended_at"])


def offer_gap(
    *, clinic: Clinic, actor: Actor, now: datetime, practitioner_id: UUID, gap: Interval[datetime]
) -> WaitlistOffer:
    """Offer a free stretch of somebody's day to whom it suits best. Raises NobodyWaits."""
    with audited(actor):
        freed, _made = FreedTime.objects.get_or_create(
            clinic=clinic, practitioner_id=practitioner_id, during=range_of(gap),
            status=FreedTime.Status.OPEN, defaults={"offered_from": now, "created_at": now},
        )  # fmt: skip
        offer = offer_next(clinic=clinic, actor=actor, now=now, freed_id=freed.pk)
        if offer is None:
            raise NobodyWaits
    return offer


def note_freed(
    *, clinic: Clinic, now: datetime, practitioner_id: UUID, during: Interval[datetime]
) -> FreedTime | None:
    """Remember time that came free; it is offered by itself once it can't be taken back any more."""
    if during.start <= now + UNDO + _LAST_MINUTE or not selectors.entries(clinic).exists():
        return None
    if not selectors.rules_of(clinic).offers_freed_times:
        return None
    freed, _made = FreedTime.objects.get_or_create(
        clinic=clinic, practitioner_id=practitioner_id, during=range_of(during),
        status=FreedTime.Status.OPEN, defaults={"offered_from": now + UNDO, "created_at": now},
    )  # fmt: skip
    return freed


def offer_next(
    *, clinic: Clinic, actor: Actor, now: datetime, freed_id: UUID
) -> WaitlistOffer | None:
    """Offer a freed time to the next whom it suits; None closes it: nobody is left, or it is taken.

    While an offer waits for its answer that one is returned; what somebody only keeps for a while
    stays open, for the clock to come back to. Announced as `waitlist_offered`.
    """
    with audited(actor):
        freed = FreedTime.objects.for_clinic(clinic).select_for_update().get(pk=freed_id)
        if freed.status != FreedTime.Status.OPEN:
            return None
        waits = freed.offers.filter(status=Offered.OPEN).first()
        if waits is not None:
            return waits
        made = next(_attempts(clinic, actor, now, freed), None)
        if made is None:
            if not selectors.is_kept_for_now(clinic, freed, now):
                freed.status = FreedTime.Status.CLOSED
                freed.save(update_fields=["status"])
            return None
        signals.waitlist_offered.send(
            sender=WaitlistOffer, clinic=clinic, actor=actor, now=now, offer=made
        )
    return made


def accept_offer(*, clinic: Clinic, actor: Actor, now: datetime, offer_id: UUID) -> Appointment:
    """The patient takes the time: it is booked, or their visit moves there. Harmless twice.

    Raises OfferOver once it was for somebody else, and what booking and moving raise.
    """
    with audited(actor):
        offer = _locked(clinic, offer_id)
        entry = offer.entry
        if offer.status == Offered.ACCEPTED:
            return entry.appointment or offer.hold
        # Whom the desk has booked meanwhile would have two visits.
        waits = entry.status == WaitlistEntry.Status.WAITING
        if offer.status != Offered.OPEN or now >= offer.expires_at or not waits:
            raise OfferOver
        booked = _book(clinic, actor, now, offer)
        offer.status, offer.answered_at = Offered.ACCEPTED, now
        offer.save(update_fields=["status", "answered_at"])
        FreedTime.objects.filter(pk=offer.freed_id).update(status=FreedTime.Status.TAKEN)
        _settle(entry, WaitlistEntry.Status.BOOKED, now)
    return booked


def decline_offer(*, clinic: Clinic, actor: Actor, now: datetime, offer_id: UUID) -> WaitlistOffer:
    """The patient does not want it; the next is asked at once. They stay on the list."""
    with audited(actor):
        offer = _locked(clinic, offer_id)
        if offer.status == Offered.OPEN:
            _end(clinic, actor, now, offer, Offered.DECLINED)
            offer_next(clinic=clinic, actor=actor, now=now, freed_id=offer.freed_id)
    return offer


def run_waiting_list(*, clinic: Clinic, now: datetime) -> int:
    """What the clock brings: offers that ran out end, and open times go to the next. How many."""
    actor = Actor.system(clinic.pk, "waiting list")
    late = WaitlistOffer.objects.for_clinic(clinic).filter(status=Offered.OPEN, expires_at__lte=now)
    for pk in late.values_list("pk", flat=True):
        with audited(actor):
            _end(clinic, actor, now, _locked(clinic, pk), Offered.LAPSED)
    due = FreedTime.objects.for_clinic(clinic).filter(
        status=FreedTime.Status.OPEN, offered_from__lte=now
    )
    idle = due.exclude(offers__status=Offered.OPEN).values_list("pk", flat=True)
    made = [offer_next(clinic=clinic, actor=actor, now=now, freed_id=pk) for pk in idle]
    return sum(one is not None for one in made)


# --- One offer -----------------------------------------------------------------------------


def _attempts(
    clinic: Clinic, actor: Actor, now: datetime, freed: FreedTime
) -> Iterator[WaitlistOffer]:
    """Offers that could be made, best first; each is made when it is asked for."""
    minutes = selectors.rules_of(clinic).offer_minutes
    for entry in selectors.whom_to_ask(clinic, freed, now):
        for start in _starts(clinic, freed, entry, now):
            until = min(now + timedelta(minutes=minutes), start - _LAST_MINUTE)
            if until - now < _SHORTEST:
                continue
            try:
                # A savepoint: what is refused for one must not undo the search.
                with transaction.atomic():
                    hold = book_appointment(
                        clinic=clinic, actor=actor, now=now,
                        booking=_hold(freed, entry, start, until),
                    )  # fmt: skip
            except DomainError:
                continue
            yield WaitlistOffer.objects.create(
                clinic=clinic, patient=entry.patient, entry=entry, freed=freed, hold=hold,
                expires_at=until, created_at=now,
            )  # fmt: skip
            return


def _starts(
    clinic: Clinic, freed: FreedTime, entry: WaitlistEntry, now: datetime
) -> list[datetime]:
    """Where in the freed time a visit could begin: just where it came free, else on the grid."""
    search = Search(
        clinic=clinic, visit_type=entry.visit_type, practitioners=(freed.practitioner_id,),
        within=interval_of(freed.during), now=now, patient_id=entry.patient_id,
    )  # fmt: skip
    grid = [slot.start for slot in free_slots(search)[:1]]
    return list(dict.fromkeys([freed.during.lower, *grid]))


def _hold(freed: FreedTime, entry: WaitlistEntry, start: datetime, until: datetime) -> Booking:
    """Whoever has a visit keeps it until they say yes: so the hold is not for its session."""
    return Booking(
        patient_id=entry.patient_id,
        visit_type_id=entry.visit_type_id,
        practitioner_id=freed.practitioner_id,
        start=start,
        planned_session_id=None if entry.appointment_id else entry.planned_session_id,
        note=_("Offered from the waiting list"),
        hold_until=until,
    )


def _book(clinic: Clinic, actor: Actor, now: datetime, offer: WaitlistOffer) -> Appointment:
    entry, hold = offer.entry, offer.hold
    if entry.appointment is None:
        change = StatusChange(appointment_id=hold.pk, target=Status.BOOKED)
        return change_status(clinic=clinic, actor=actor, now=now, change=change)
    if entry.appointment.status not in UPCOMING:
        raise OfferOver
    why = _("Taken from the waiting list.")
    cancel_appointment(clinic=clinic, actor=actor, now=now, appointment_id=hold.pk, reason=why)
    there = Target(entry.appointment.pk, hold.during.lower, None, hold.practitioner_id)
    (moved,) = move_appointment(
        clinic=clinic, actor=actor, now=now, move=Move(visit=there, reason=why)
    )
    return moved


def _end(
    clinic: Clinic, actor: Actor, now: datetime, offer: WaitlistOffer, status: Offered
) -> None:
    """The offer is over and its hold is let go."""
    if offer.status != Offered.OPEN:
        return
    offer.status, offer.answered_at = status, now
    offer.save(update_fields=["status", "answered_at"])
    if offer.hold.status == Status.PENDING:
        cancel_appointment(
            clinic=clinic, actor=actor, now=now, appointment_id=offer.hold_id,
            reason=str(status.label),
        )  # fmt: skip


def _locked(clinic: Clinic, offer_id: UUID) -> WaitlistOffer:
    """The offer under the lock of its freed time. Raises OfferOver for one that is not there."""
    seen = WaitlistOffer.objects.for_clinic(clinic).filter(pk=offer_id).first()
    if seen is None:
        raise OfferOver
    FreedTime.objects.select_for_update().get(pk=seen.freed_id)
    offer = WaitlistOffer.objects.select_related("entry__appointment", "hold").get(pk=offer_id)
    if offer.entry.appointment is not None:
        offer.entry.appointment.clinic = clinic
    return offer


def _settle(entry: WaitlistEntry, status: WaitlistEntry.Status, now: datetime) -> None:
    if entry.status == WaitlistEntry.Status.WAITING:
        entry.status, entry.ended_at = status, now
        entry.save(update_fields=["status", "ended_at"])
