"""What a move would do to the course, before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import add_days, day_interval, local_date
from mesoclinic.common.intervals import Interval
from scheduling.domain.courses import CourseRequest, Preferences, Visit, replan_after_move
from scheduling.domain.slots import Slot
from scheduling.domain.spacing import Spacing, Treated
from scheduling.domain.status import UPCOMING
from scheduling.models import Appointment
from scheduling.selectors.calendars import Search, load_resources
from scheduling.selectors.conflicts import Wanted, clashes
from scheduling.selectors.courses import (
    Course,
    Times,
    course_of,
    members_for,
    specs_of,
    visit_of,
    with_licences,
)
from scheduling.selectors.spacing import spaced, spacings, words
from treatments.domain.protocol import Verdict, Window
from treatments.models import PlannedSession

# As far after the last visit as a shifted one may come, in days.
_FURTHER = 45


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody wants the visit: the start, and with whom (None: as it is)."""

    start: datetime
    practitioner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A later visit that moves along."""

    appointment: Appointment
    number: int
    before: datetime
    after: Slot


@dataclass(frozen=True, slots=True)
class Outside:
    """A visit that lies outside its window after the move; `too_early` is refused by the rules."""

    number: int
    day: date
    window: Window
    too_early: bool


@dataclass(frozen=True, slots=True)
class Crossed:
    """Session `number` would come on the wrong side of session `other`, whose visit is `visit`."""

    number: int
    other: int
    visit: Appointment | None

    @property
    def words(self) -> str:
        """What would be wrong."""
        numbers = {"number": self.number, "other": self.other}
        if self.number < self.other:
            return _("Session %(number)d would then come after session %(other)d.") % numbers
        return _("Session %(number)d would then come before session %(other)d.") % numbers


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows from a move: `shifts`, the numbers that `stay`, and what is `outside` then.

    `alone` lists what would be outside if nothing else moved. `too_close` says of which other
    course a session would be too near: it is refused by the rules, as is a session that would
    leave the order (`crossed` with the shifts, `crossed_alone` without them).
    """

    shifts: tuple[Shift, ...] = ()
    stays: tuple[int, ...] = ()
    outside: tuple[Outside, ...] = ()
    alone: tuple[Outside, ...] = ()
    too_close: str = ""
    crossed: Crossed | None = None
    crossed_alone: Crossed | None = None

    @property
    def concerns_others(self) -> bool:
        """Whether anything but the visit itself is touched."""
        return bool(
            self.shifts or self.outside or self.alone or self.too_close or self.crossed_alone
        )

    @property
    def refused_alone(self) -> bool:
        """Whether moving this one alone breaks a least gap."""
        return any(one.too_early for one in self.alone)


def effect_of_move(clinic: Clinic, appointment: Appointment, place: Place, now: datetime) -> Effect:
    """What the move does to the visits after it, with as little change as can be.

    A visit without a planned session touches nothing else. A fixed number of queries.
    """
    session = appointment.planned_session
    if session is None or appointment.plan is None:
        return Effect()
    course = course_of(clinic, appointment.plan)
    booked = _booked(clinic, course)
    if appointment.planned_session_id not in booked:
        return Effect()
    moved = _moved(appointment, session, place)
    found = spacings(
        clinic, [appointment.patient_id], [course.plan.pk], now,
        [row.pk for row in course.booked.values()],
    )  # fmt: skip
    spacing = found.of(appointment.patient_id, course.plan.pk)
    treated = found.treated(course.sessions)
    request, locked = _request(clinic, appointment, course, moved, now)
    request = spaced(request, spacing, treated)
    visits = [booked[one.pk] for one in course.sessions if one.pk in booked]
    result = replan_after_move(request, visits, moved, locked)
    by_number = {one.number: one for one in course.sessions}
    shifts = tuple(
        Shift(course.booked[by_number[change.number].pk], change.number,
              change.before.start, change.after)
        for change in result.changes
        if change.number != session.number
    )  # fmt: skip
    frozen = frozenset(by_number)
    alone = replan_after_move(request, visits, moved, frozen)
    days = {one.number: local_date(one.slot.start, clinic.zone) for one in visits}
    shifted = {one.number: local_date(one.after.start, clinic.zone) for one in result.changes}
    there = {session.number: local_date(place.start, clinic.zone)}
    return Effect(
        shifts=shifts,
        stays=tuple(v.number for v in result.kept if v.number > session.number),
        outside=_outside(result.off_protocol),
        alone=_outside(alone.off_protocol),
        too_close=_too_close(
            spacing, treated[session.number], local_date(place.start, clinic.zone)
        ),
        crossed=_crossed(course, {**days, **shifted, **there}, session.number),
        crossed_alone=_crossed(course, {**days, **there}, session.number),
    )


def busy_there(
    appointment: Appointment, place: Place, effect: Effect, now: datetime
) -> tuple[str, ...]:
    """Who of the visit has another one at that time ("practitioner", "patient"); one query.

    The visits that move along are in nobody's way.
    """
    shift = place.start - appointment.during.lower
    during, occupies = (
        Interval(one.lower + shift, one.upper + shift)
        for one in (appointment.during, appointment.occupies)
    )
    who = place.practitioner_id or appointment.practitioner_id
    wanted = Wanted(who, None, None, appointment.patient_id, during, occupies)
    along = [appointment.pk, *(one.appointment.pk for one in effect.shifts)]
    found = [one for one in clashes([wanted], now, along) if not one.lapsed]
    return found[0].parties if found else ()


def _crossed(course: Course, days: Mapping[int, date], number: int) -> Crossed | None:
    """The nearest session on whose wrong side the moved one would come, if there is any."""
    wrong = [
        other for other, day in days.items() if (other - number) * (day - days[number]).days < 0
    ]
    if not wrong:
        return None
    other = min(wrong, key=lambda one: abs(one - number))
    rows = {one.number: course.booked.get(one.pk) for one in course.sessions}
    row = rows[other]
    return Crossed(number, other, row if row is not None and row.status in UPCOMING else None)


def _too_close(spacing: Spacing, treated: Treated, day: date) -> str:
    clash = spacing.check(treated, day)
    return "" if clash is None else words(clash, spacing.least_days)


def _outside(rows) -> tuple[Outside, ...]:  # type: ignore[no-untyped-def]
    return tuple(
        Outside(one.number, one.day, one.window, one.verdict is Verdict.TOO_EARLY)
        for one in rows
        if not one.existing
    )


def _booked(clinic: Clinic, course: Course) -> dict[UUID, Visit]:
    """Every placed session as a visit; one that was given without a visit counts by its day."""
    numbers = {one.pk: one.number for one in course.sessions}
    visits = {pk: visit_of(row, numbers[pk]) for pk, row in course.booked.items()}
    for pk, day in course.given.items():
        known = visits.get(pk)
        if known is None or local_date(known.slot.start, clinic.zone) != day:
            noon = day_interval(day, clinic.zone).start + timedelta(hours=12)
            slot = Slot(noon, noon + timedelta(minutes=30), course.plan.practitioner_id)
            visits[pk] = Visit(numbers[pk], slot)
    return visits


def _moved(appointment: Appointment, session: PlannedSession, place: Place) -> Visit:
    length = appointment.during.upper - appointment.during.lower
    who = place.practitioner_id or appointment.practitioner_id
    return Visit(session.number, Slot(place.start, place.start + length, who))


def _request(
    clinic: Clinic, appointment: Appointment, course: Course, moved: Visit, now: datetime
) -> tuple[CourseRequest, frozenset[int]]:
    zone = clinic.zone
    kind = appointment.visit_type
    today = clinic.today(now)
    members = {one.staff_id: one for one in members_for(clinic, kind, today)}
    rows = list(course.booked.values())
    wanted = {row.practitioner_id for row in rows} | {moved.slot.practitioner_id}
    last = max(local_date(row.during.lower, zone) for row in rows)
    day = local_date(moved.slot.start, zone)
    until = add_days(max(last, day), _FURTHER)
    first = min(day, today)
    search = Search(
        clinic=clinic,
        visit_type=kind,
        practitioners=tuple(sorted(wanted & set(members))),
        within=Interval(day_interval(first, zone).start, day_interval(until, zone).end),
        now=now,
        patient_id=appointment.patient_id,
        ignoring=tuple(row.pk for row in rows),
    )
    resources = with_licences(clinic, kind, members, load_resources(search))
    locked = frozenset(_locked(course))
    request = CourseRequest(
        sessions=specs_of(course.sessions),
        first=Window.open_from(min(course.plan.start_on, day)),
        until=until,
        zone=zone,
        candidates=Times(search.request, resources).all,
        preferences=_same_hour(clinic, appointment),
    )
    return request, locked


def _same_hour(clinic: Clinic, appointment: Appointment) -> Preferences:
    """What shifts keeps its time of day and its practitioner where it can."""
    clock = clinic.local(appointment.during.lower).time()
    until = time(clock.hour, clock.minute + 1) if clock.minute < 59 else time(23, 59)
    times = (clock, until) if clock < until else None
    return Preferences(times=times, practitioner_id=appointment.practitioner_id)


def _locked(course: Course) -> list[int]:
    numbers: Mapping[UUID, int] = {one.pk: one.number for one in course.sessions}
    begun = [numbers[pk] for pk, row in course.booked.items() if row.status not in UPCOMING]
    return [*begun, *(numbers[pk] for pk in course.given)]
