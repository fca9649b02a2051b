"""The board of one day: who comes to whom, who can't go ahead, and where there is room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from uuid import UUID

from django.utils.translation import gettext as _

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.calendar import day_interval
from mesoclinic.common.intervals import Interval, union
from patients.selectors import ScreeningStatus, screening_status_for
from scheduling.domain.slots import ResourceCalendar, SlotRequest, free_intervals
from scheduling.domain.waitlist import Freed
from scheduling.models import Appointment, WaitlistOffer
from scheduling.selectors.board import Column as Bookings
from scheduling.selectors.board import day_board
from scheduling.selectors.calendars import away, hours_of, interval_of
from scheduling.selectors.waitlist import how_many_fit, open_offers
from treatments.domain.readiness import Moment, Readiness, Verdict
from treatments.services import readiness_for

Status = Appointment.StatusChoices
_OVER = {Status.DONE, Status.NO_SHOW}
_COMING = {Status.BOOKED, Status.CONFIRMED}
_BLOCKED = {"stopped", "review", "screening", "on_hold"}
# Shorter gaps are nobody's visit.
_WORTH_OFFERING = dt.timedelta(minutes=30)
_QUARTER = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class VisitLine:
    """One visit on the board. `state` is a status of the chips of kind "visit"."""

    appointment: Appointment
    note: str
    state: str
    reason: str = ""
    is_free: bool = False

    @property
    def at(self) -> dt.datetime:
        """When it begins (UTC)."""
        start: dt.datetime = self.appointment.during.lower
        return start

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.appointment.status in _OVER

    @property
    def is_now(self) -> bool:
        """Whether it is under way."""
        return self.appointment.status == Status.IN_SESSION


@dataclass(frozen=True)
class FreeLine:
    """Time in which somebody could still be seen today (UTC)."""

    at: dt.datetime
    until: dt.datetime
    waiting: int = 0
    is_free: bool = True


@dataclass(frozen=True)
class OfferLine:
    """Time that is kept for somebody on the waiting list, who has not answered yet."""

    offer: WaitlistOffer
    is_offer: bool = True

    @property
    def at(self) -> dt.datetime:
        """When it begins (UTC)."""
        start: dt.datetime = self.offer.hold.during.lower
        return start


Line = VisitLine | FreeLine | OfferLine


@dataclass(frozen=True)
class Column:
    """One practitioner's day in order. `until` is the local time at which their hours end."""

    member: Membership
    entries: Sequence[Line]
    until: dt.time | None
    room: str = ""

    @property
    def visits(self) -> list[VisitLine]:
        """The visits alone."""
        return [entry for entry in self.entries if isinstance(entry, VisitLine)]


@dataclass(frozen=True)
class Board:
    """Everybody's day."""

    columns: Sequence[Column]

    @property
    def lines(self) -> list[VisitLine]:
        """All visits."""
        return [line for column in self.columns for line in column.visits]

    @property
    def total(self) -> int:
        """How many visits there are."""
        return len(self.lines)

    @property
    def to_come(self) -> int:
        """How many have not begun."""
        return sum(1 for line in self.lines if line.appointment.status in _COMING)

    @property
    def blocked(self) -> list[VisitLine]:
        """Visits that can't go ahead as things stand, or need a practitioner's word first."""
        return sorted(
            (line for line in self.lines if line.state in _BLOCKED), key=lambda line: line.at
        )


@dataclass(frozen=True)
class Viewer:
    """Who looks: their own column leads, and only clinicians see what a visit is for."""

    staff_id: UUID | None = None
    clinical: bool = False


def board(clinic: Clinic, day: dt.date, *, now: dt.datetime, viewer: Viewer) -> Board:
    """The board of a local day, with a number of queries that does not grow with the visits."""
    found = day_board(clinic, day)
    heard = [visit for visit in found.visits if visit.status != Status.PENDING]
    ready = _readiness(heard, day, now)
    standing = screening_status_for({v.patient_id for v in heard}, day, clinic=clinic)
    lines: dict[UUID, list[Line]] = {}
    for visit in heard:
        answer = ready.get(visit.planned_session_id) if visit.planned_session_id else None
        state, reason = _state(visit, answer, standing.get(visit.patient_id))
        line = VisitLine(visit, _what(visit, viewer), state, reason if viewer.clinical else "")
        lines.setdefault(visit.practitioner_id, []).append(line)
    for who, gaps in _free(clinic, found.columns, day, now).items():
        lines.setdefault(who, []).extend(gaps)
    for offer in open_offers(clinic, day):
        lines.setdefault(offer.hold.practitioner_id, []).append(OfferLine(offer))
    columns = [
        Column(
            column.member,
            sorted(lines.get(column.member.staff_id, []), key=lambda one: one.at),
            column.until,
            column.room,
        )
        for column in found.columns
    ]
    return Board(sorted(columns, key=lambda one: one.member.staff_id != viewer.staff_id))


def _free(
    clinic: Clinic, columns: Iterable[Bookings], day: dt.date, now: dt.datetime
) -> dict[UUID, list[FreeLine]]:
    """Where each practitioner could still see somebody: hours less absences less visits."""
    span = day_interval(day, clinic.zone)
    if span.end <= now:
        return {}
    people = {column.member.staff_id: column for column in columns}
    hours, absent = hours_of(clinic, people), away(clinic, span)
    request = SlotRequest(
        within=span, zone=clinic.zone, duration=_WORTH_OFFERING, step=_QUARTER,
        now=_next_quarter(now),
    )  # fmt: skip
    found: dict[UUID, list[FreeLine]] = {}
    for who, column in people.items():
        calendar = ResourceCalendar(
            who,
            hours.get(who, ()),
            tuple(chain(absent.closures, absent.by_id.get(who, ()))),
            _taken(column.visits),
        )
        found[who] = [
            FreeLine(gap.start, gap.end)
            for gap in free_intervals(request, calendar)
            if gap.end - gap.start >= _WORTH_OFFERING
        ]
    return _with_waiting(clinic, found, now)


def _with_waiting(
    clinic: Clinic, found: Mapping[UUID, Sequence[FreeLine]], now: dt.datetime
) -> dict[UUID, list[FreeLine]]:
    """How many on the waiting list each gap would suit."""
    gaps = {
        (who, line.at): Freed(line.at, line.until, who, clinic.zone)
        for who, lines in found.items()
        for line in lines
    }
    fits = how_many_fit(clinic, gaps.values(), now)
    return {
        who: [replace(line, waiting=fits[gaps[who, line.at]]) for line in lines]
        for who, lines in found.items()
    }


def _taken(visits: Iterable[Appointment]) -> tuple[Interval[dt.datetime], ...]:
    blocks = (interval_of(v.occupies) for v in visits if v.status != Status.NO_SHOW)
    return tuple(union(blocks))


def _next_quarter(now: dt.datetime) -> dt.datetime:
    epoch = dt.datetime.fromtimestamp(0, dt.UTC)
    return epoch - (epoch - now) // _QUARTER * _QUARTER


def _readiness(
    visits: Iterable[Appointment], day: dt.date, now: dt.datetime
) -> Mapping[UUID, Readiness]:
    """The gate's word on every session that has not begun."""
    coming = [
        v
        for v in visits
        if v.planned_session is not None and v.status not in {*_OVER, "in_session"}
    ]
    if not coming:
        return {}
    sessions = [v.planned_session for v in coming if v.planned_session is not None]
    giving = {s.pk: v.practitioner_id for s, v in zip(sessions, coming, strict=True)}
    return readiness_for(sessions, at=Moment.CONFIRMATION, now=now, on=day, practitioners=giving)


def _state(
    visit: Appointment, ready: Readiness | None, standing: ScreeningStatus | None
) -> tuple[str, str]:
    """The chip of a visit, and in words why it can't go ahead.

    What happened already outweighs what the gate says; what the gate says outweighs waiting.
    """
    if visit.status in {Status.DONE, Status.NO_SHOW, Status.IN_SESSION, Status.ON_HOLD}:
        return visit.status, ""
    if ready is not None and ready.verdict is not Verdict.GO:
        reason = next(iter(ready.reasons), None)
        lacking = standing is None or not standing.is_valid
        state = "review" if ready.verdict is Verdict.REVIEW else "stopped"
        return ("screening" if lacking else state), reason.message if reason else ""
    if visit.status == Status.ARRIVED:
        return "arrived", ""
    if visit.status == Status.BOOKED:
        return "unconfirmed", ""
    return "ready", ""


def _what(visit: Appointment, viewer: Viewer) -> str:
    if visit.plan is None or visit.planned_session is None or not viewer.clinical:
        return visit.title
    return _("%(what)s · session %(number)s of %(total)s") % {
        "what": visit.plan.indication.name,
        "number": visit.planned_session.number,
        "total": getattr(visit, "session_total", 0) or visit.planned_session.number,
    }
