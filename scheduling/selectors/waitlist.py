"""The waiting list: who waits, whom a free time suits, and what is on offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.querysets import Prepared
from mesoclinic.common.calendar import add_months, day_interval, local_date
from mesoclinic.common.intervals import Interval
from patients.models import Patient
from scheduling.domain import waitlist as domain
from scheduling.domain.courses import DayRange
from scheduling.domain.spacing import Treated
from scheduling.domain.status import Status
from scheduling.domain.waitlist import Freed, Waiting
from scheduling.exceptions import EntryNotFound
from scheduling.models import (
    Appointment,
    BookingRules,
    FreedTime,
    OnlineBooking,
    VisitType,
    WaitlistEntry,
    WaitlistOffer,
)
from scheduling.selectors.appointments import latest_blocking
from scheduling.selectors.calendars import range_of
from scheduling.selectors.spacing import spacings
from treatments.domain.protocol import Window
from treatments.models import PlannedSession, TreatmentPlan
from treatments.selectors.windows import sessions_of, windows_among

_ByPlan = Mapping[UUID, list[PlannedSession]]

# What a patient waits for, asked by every booking.
WAITS = Prepared(
    lambda clinic, patient: (
        WaitlistEntry.objects.for_clinic(clinic)
        .filter(patient=patient, status=WaitlistEntry.Status.WAITING)
        .order_by("created_at")
    ),
    values=2,
)

_ENTRY = ("patient", "visit_type", "practitioner", "planned_session__plan", "appointment")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the list shows it: with the window of its session and what is offered now."""

    entry: WaitlistEntry
    waiting: Waiting
    days_left: int | None
    offer: WaitlistOffer | None


def rules_of(clinic: Clinic) -> BookingRules:
    """The clinic's rules; the defaults where nobody has changed any. One query."""
    return BookingRules.objects.for_clinic(clinic).first() or BookingRules(clinic=clinic)


def entries(clinic: Clinic) -> QuerySet[WaitlistEntry]:
    """Who waits, the longest first, with all a list shows."""
    return (
        WaitlistEntry.objects.for_clinic(clinic)
        .filter(status=WaitlistEntry.Status.WAITING)
        .select_related(*_ENTRY)
        .order_by("created_at")
    )


def get_entry(clinic: Clinic, pk: UUID) -> WaitlistEntry:
    """One entry of the clinic. Raises EntryNotFound."""
    found = WaitlistEntry.objects.for_clinic(clinic).select_related(*_ENTRY).filter(pk=pk).first()
    if found is None:
        raise EntryNotFound
    return found


def waiting_lines(clinic: Clinic, now: datetime, rows: Iterable[WaitlistEntry]) -> list[Line]:
    """The rows in the order in which a time of today would be offered. Five queries."""
    listed = list(rows)
    today = clinic.today(now)
    offers = {
        offer.entry_id: offer
        for offer in WaitlistOffer.objects.for_clinic(clinic)
        .filter(entry__in=listed, status=WaitlistOffer.Status.OPEN)
        .select_related("freed", "hold")
    }
    lines = [
        Line(entry, one, domain.days_left(one, today), offers.get(entry.pk))
        for entry, one in zip(listed, waiting_of(clinic, listed, now), strict=True)
    ]
    far = max((line.days_left or 0 for line in lines), default=0) + 1
    lines.sort(key=lambda line: far if line.days_left is None else line.days_left)
    return lines


def waiting_of(clinic: Clinic, rows: Sequence[WaitlistEntry], now: datetime) -> list[Waiting]:
    """The rows as the rules take them. Eight queries at most, however many rows."""
    plans = {row.planned_session.plan_id for row in rows if row.planned_session is not None}
    by_plan = sessions_of(plans) if plans else {}
    windows = _windows(clinic, rows, by_plan, now)
    closed = _closed(clinic, rows, by_plan, now)
    return [
        Waiting(
            id=row.pk,
            since=row.created_at,
            duration=timedelta(minutes=row.visit_type.duration_min),
            practitioner_id=row.practitioner_id,
            weekdays=frozenset(row.weekdays),
            times=(row.starts_from, row.starts_until),
            days=(row.first_day, row.last_day),
            window=windows.get(row.planned_session_id) if row.planned_session_id else None,
            before=row.appointment.during.lower if row.appointment else None,
            closed=closed.get(row.pk, ()),
        )
        for row in rows
    ]


def _closed(
    clinic: Clinic, rows: Sequence[WaitlistEntry], by_plan: _ByPlan, now: datetime
) -> dict[UUID, tuple[DayRange, ...]]:
    """The days on which each would be too near to another course of theirs, by entry."""
    asked = [row for row in rows if row.visit_type.kind == VisitType.Kind.SESSION]
    if not asked:
        return {}
    theirs = [row.appointment_id for row in asked if row.appointment_id]
    found = spacings(clinic, {row.patient_id for row in asked}, by_plan, now, theirs)
    treated = {plan: found.treated(sessions) for plan, sessions in by_plan.items()}
    closed = {}
    for row in asked:
        session = row.planned_session
        spacing = found.of(row.patient_id, session.plan_id if session else None)
        own = treated[session.plan_id].get(session.number, Treated()) if session else Treated()
        closed[row.pk] = spacing.closed(own)
    return closed


def _windows(
    clinic: Clinic, rows: Sequence[WaitlistEntry], by_plan: _ByPlan, now: datetime
) -> dict[UUID | None, Window]:
    """The window of each session that somebody waits for, after the sessions before it."""
    wanted = {row.planned_session_id for row in rows if row.planned_session_id}
    if not by_plan:
        return {}
    ids = list(by_plan)
    plans = {one.pk: one for one in TreatmentPlan.objects.for_clinic(clinic).filter(pk__in=ids)}
    visits = latest_blocking(clinic, [one.pk for rows in by_plan.values() for one in rows])
    days = {
        pk: local_date(visit.during.lower, clinic.zone)
        for pk, visit in visits.items()
        if pk not in wanted
    }
    return {
        found.session.pk: found.window
        for pk, sessions in by_plan.items()
        for found in windows_among(plans[pk], sessions, clinic.today(now), days)
        if found.session.pk in wanted
    }


def whom_to_ask(clinic: Clinic, freed: FreedTime, now: datetime) -> list[WaitlistEntry]:
    """Whom a freed time suits, in the order in which they are asked.

    Nobody is asked twice for the same time, nor while another offer waits for their answer, nor
    when the clinic's rule for missed visits says to call them instead.
    """
    busy = WaitlistOffer.objects.for_clinic(clinic).filter(
        Q(status=WaitlistOffer.Status.OPEN) | Q(freed=freed)
    )
    rows = list(entries(clinic).exclude(pk__in=busy.values("entry")).exclude(patient__email=""))
    left_out = off_limits(clinic, {row.patient_id for row in rows}, now)
    rows = [row for row in rows if row.patient_id not in left_out and row.patient.can_be_contacted]
    by_id = {row.pk: row for row in rows}
    order = domain.in_order(waiting_of(clinic, rows, now), freed_of(clinic, freed))
    return [by_id[one.id] for one in order]


def is_kept_for_now(clinic: Clinic, freed: FreedTime, now: datetime) -> bool:
    """Whether somebody only keeps time then, a person or a room of the clinic: holds that may run out.

    A hold of online booking counts until it is let go, not until its clock says so. Two queries at most.
    """
    online = OnlineBooking.objects.for_clinic(clinic).filter(away__during__overlap=freed.during)
    visits = Appointment.objects.for_clinic(clinic).filter(
        status=Status.PENDING.value, held_until__gt=now, occupies__overlap=freed.during
    )
    return online.exists() or visits.exists()


def freed_of(clinic: Clinic, row: FreedTime) -> Freed:
    """A stored freed time as the rules take it."""
    return Freed(row.during.lower, row.during.upper, row.practitioner_id, clinic.zone)


def how_many_fit(clinic: Clinic, gaps: Iterable[Freed], now: datetime) -> dict[Freed, int]:
    """How many on the list each free stretch would suit. Five queries, however many gaps."""
    asked = list(gaps)
    if not asked:
        return {}
    offered = WaitlistOffer.objects.for_clinic(clinic).filter(status=WaitlistOffer.Status.OPEN)
    rows = list(entries(clinic).exclude(pk__in=offered.values("entry")))
    waiting = waiting_of(clinic, rows, now)
    return {gap: sum(domain.suits(one, gap) for one in waiting) for gap in asked}


def open_offers(clinic: Clinic, day: date) -> list[WaitlistOffer]:
    """What is offered for times of a local day, with patient and held visit. One query."""
    span = day_interval(day, clinic.zone)
    return list(
        WaitlistOffer.objects.for_clinic(clinic)
        .filter(status=WaitlistOffer.Status.OPEN)
        .filter(hold__during__overlap=range_of(Interval(span.start, span.end)))
        .select_related("patient", "hold")
    )


# --- Missed visits -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoShows:
    """How often a patient did not come in the months that count, and whether that is too often."""

    count: int
    limit: int
    months: int
    then: str

    @property
    def too_many(self) -> bool:
        """Whether the clinic's limit is reached."""
        return self.count >= self.limit


def no_shows_of(clinic: Clinic, patient: Patient, now: datetime) -> NoShows:
    """The missed visits of one patient, against the clinic's rule. Two queries."""
    rules = rules_of(clinic)
    count = _missed(clinic, {patient.pk}, rules, now).get(patient.pk, 0)
    return NoShows(count, rules.no_show_limit, rules.no_show_months, rules.no_show_then)


def off_limits(clinic: Clinic, patients: Iterable[UUID], now: datetime) -> frozenset[UUID]:
    """Who is called instead of offered times by mail or online, by the clinic's rule."""
    rules = rules_of(clinic)
    if rules.no_show_then != BookingRules.NoShowThen.CALL:
        return frozenset()
    missed = _missed(clinic, set(patients), rules, now)
    return frozenset(pk for pk, count in missed.items() if count >= rules.no_show_limit)


def _missed(
    clinic: Clinic, patients: set[UUID], rules: BookingRules, now: datetime
) -> dict[UUID, int]:
    since = day_interval(add_months(clinic.today(now), -rules.no_show_months), clinic.zone).start
    return dict(
        Appointment.objects.for_clinic(clinic)
        .filter(patient__in=patients, status=Status.NO_SHOW.value)
        .filter(during__startswith__gte=since)
        .order_by()
        .values_list("patient")
        .annotate(count=Count("pk"))
    )


def get_offer(clinic: Clinic, pk: UUID | None) -> WaitlistOffer | None:
    """An offer of the clinic with its entry and held visit. One query."""
    if pk is None:
        return None
    rows = WaitlistOffer.objects.for_clinic(clinic).select_related("entry__appointment", "hold")
    return rows.filter(pk=pk).first()
