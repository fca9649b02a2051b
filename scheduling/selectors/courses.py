"""A plan's course as the planner takes it: what is given, what is booked, what is to be placed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from uuid import UUID

from django.utils.translation import gettext

from mesoclinic.clinic.models import Clinic, Hemisphere, Membership
from mesoclinic.clinic.selectors import staff_of
from mesoclinic.common.calendar import add_days, add_months, day_interval, local_date
from mesoclinic.common.intervals import Interval
from scheduling.domain.courses import (
    CoursePlan,
    CourseRequest,
    DayRange,
    Preferences,
    Visit,
    plan_course,
)
from scheduling.domain.obstacles import Obstacle, obstacles
from scheduling.domain.slots import (
    Absence,
    Pick,
    Resources,
    Slot,
    SlotRequest,
    day_load,
    free_slots,
)
from scheduling.exceptions import NotBookable, NothingToBook, PlanNotFound
from scheduling.models import Appointment, VisitType
from scheduling.selectors.appointments import latest_blocking
from scheduling.selectors.calendars import Search, interval_of, load_resources
from scheduling.selectors.spacing import spaced, spacings
from treatments.domain.protocol import SessionSpec, Window, window_after
from treatments.models import PlannedSession, TreatmentPlan
from treatments.selectors.windows import gap_of, given_days, sessions_of

# Prefer autumn, winter and early spring (S4): the months of strong sun, by hemisphere.
HIGH_UV = {
    Hemisphere.NORTH.value: frozenset({5, 6, 7, 8}),
    Hemisphere.SOUTH.value: frozenset({11, 12, 1, 2}),
}

# How long after the first day asked a course may begin, and the slack at its end, in days.
_MAY_WAIT = 28
_SLACK = 14

# No course is planned further ahead than this.
_YEARS = 6

# An explanation goes no further than so many days.
_EXPLAINED = 35


class Times:
    """Free times of a search for the planner: one for each start and practitioner.

    The room is left to the booking itself, so a course is not planned once for each room.
    """

    __slots__ = ("_request", "_resources", "_slots")

    def __init__(self, request: SlotRequest, resources: Resources) -> None:
        self._request = request
        self._resources = resources
        self._slots: list[Slot] | None = None

    def __call__(self, _number: int, first: date, last: date) -> Sequence[Slot]:
        """The free times on local days from first to last, both included."""
        slots = self.all
        zone = self._request.zone
        start = bisect_left(slots, day_interval(first, zone).start, key=attrgetter("start"))
        end = day_interval(last, zone).end
        return slots[start : bisect_left(slots, end, key=attrgetter("start"))]

    @property
    def all(self) -> list[Slot]:
        """All of them, in order; searched once."""
        if self._slots is None:
            found = free_slots(self._request, self._resources, Pick.EACH_PRACTITIONER)
            self._slots = [
                Slot(one.start, one.end, one.practitioner_id, None, one.device_id) for one in found
            ]
        return self._slots

    def obstacles(self, first: date, last: date) -> list[Obstacle]:
        """Why days have no free time; of a long stretch the first weeks, nobody reads more."""
        last = min(last, add_days(first, _EXPLAINED))
        return obstacles(self._request, self._resources, first, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What suits the patient. Without `practitioner_id` anybody; `only` makes it a condition.

    `strict` makes weekdays and times conditions too. `not_months` (1 to 12) are left out in every
    year, like the days away.
    """

    weekdays: frozenset[int] = frozenset()
    starts_from: time | None = None
    starts_until: time | None = None
    practitioner_id: UUID | None = None
    only: bool = False
    not_from: date | None = None
    not_until: date | None = None
    not_months: frozenset[int] = frozenset()
    start_on: date | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """A plan with its sessions: `given` and `booked` by session id, `to_place` in order."""

    plan: TreatmentPlan
    sessions: tuple[PlannedSession, ...]
    given: Mapping[UUID, date]
    booked: Mapping[UUID, Appointment]
    to_place: tuple[PlannedSession, ...]
    anchor: date | None

    @property
    def holes(self) -> tuple[PlannedSession, ...]:
        """Sessions left out between placed ones: each is booked by itself."""
        placing = {one.pk for one in self.to_place}
        return tuple(
            one
            for one in self.sessions
            if one.pk not in placing and one.pk not in self.given and one.pk not in self.booked
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """What the planner found, and among how many free times. `late`: the window has passed."""

    course: Course
    request: CourseRequest
    result: CoursePlan
    members: Mapping[UUID, Membership]
    free_times: int
    late: bool
    closures: tuple[Absence, ...]


def get_plan(clinic: Clinic, pk: UUID) -> TreatmentPlan:
    """A plan of the clinic with patient, practitioner and indication. Raises PlanNotFound."""
    plan = (
        TreatmentPlan.objects.for_clinic(clinic)
        .select_related("patient", "practitioner", "indication", "protocol")
        .filter(pk=pk, patient__erased_at=None)
        .first()
    )
    if plan is None:
        raise PlanNotFound
    return plan


def course_of(clinic: Clinic, plan: TreatmentPlan) -> Course:
    """The course as it stands. Two queries."""
    sessions = tuple(sessions_of([plan.pk]).get(plan.pk, []))
    given = given_days(sessions)
    booked = latest_blocking(clinic, [one.pk for one in sessions])
    placed = [one.number for one in sessions if one.pk in given or one.pk in booked]
    last = max(placed, default=0)
    days = [*given.values(), *(local_date(v.during.lower, clinic.zone) for v in booked.values())]
    return Course(
        plan=plan,
        sessions=sessions,
        given=given,
        booked=booked,
        to_place=tuple(one for one in sessions if one.number > last),
        anchor=max(days, default=None),
    )


def session_type(clinic: Clinic, plan: TreatmentPlan | None = None) -> VisitType:
    """The visit type in which sessions are booked; for a plan the one that fits it best.

    A type for one of the plan's techniques goes before one for any, the smallest size of area
    that holds the plan's areas before a bigger one. Three queries. Raises NotBookable.
    """
    kinds = list(
        VisitType.objects.for_clinic(clinic)
        .filter(kind=VisitType.Kind.SESSION, is_active=True)
        .order_by("name")
    )
    if plan is not None and len(kinds) > 1:
        techniques = set(plan.techniques.values_list("pk", flat=True))
        areas = plan.areas.count()
        kinds = [one for one in kinds if _takes(one, techniques, areas)] or kinds
        kinds.sort(key=lambda one: (one.technique_id is None, one.areas_up_to or _ANY_SIZE))
    if not kinds:
        raise NotBookable
    return kinds[0]


_ANY_SIZE = 10_000


def _takes(kind: VisitType, techniques: set[UUID], areas: int) -> bool:
    if kind.technique_id is not None and kind.technique_id not in techniques:
        return False
    return kind.areas_up_to is None or areas <= kind.areas_up_to


@dataclass(frozen=True, slots=True)
class Staffing:
    """Whose role gives a type of visit: who may be booked for it, and who lacks the licence."""

    able: tuple[Membership, ...]
    unlicensed: tuple[Membership, ...]


def staffing(clinic: Clinic, kind: VisitType, today: date) -> Staffing:
    """Who may be booked for visits of a type from today, by role and licence. One query."""
    members = list(staff_of(clinic).filter(role__in=kind.given_by))
    barred = {"none", "expired"} if kind.needs_licence else set()
    return Staffing(
        tuple(one for one in members if one.licence_state(today) not in barred),
        tuple(one for one in members if one.licence_state(today) in barred),
    )


def members_for(clinic: Clinic, kind: VisitType, today: date) -> tuple[Membership, ...]:
    """Who may be booked for visits of a type from today. One query."""
    return staffing(clinic, kind, today).able


def propose(
    clinic: Clinic, course: Course, kind: VisitType, wishes: Wishes, now: datetime
) -> Planned:
    """Up to three proposals for every session still to be placed. A fixed number of queries.

    Raises NothingToBook when every session has its time.
    """
    if not course.to_place:
        raise NothingToBook
    today = clinic.today(now)
    members = {one.staff_id: one for one in members_for(clinic, kind, today)}
    first, late = _first_window(course, wishes, today)
    specs = specs_of(course.to_place)
    until = _until(first, specs)
    search = Search(
        clinic=clinic,
        visit_type=kind,
        practitioners=_in_order(members, wishes),
        within=_days(clinic, min(first.earliest, today), until),
        now=now,
        patient_id=course.plan.patient_id,
    )
    resources = with_licences(clinic, kind, members, load_resources(search))
    chosen = _only(resources, wishes)
    source = Times(search.request, chosen)
    others = Times(search.request, _others(resources, chosen))
    request = CourseRequest(
        sessions=specs,
        first=first,
        until=until,
        zone=clinic.zone,
        candidates=source.all,
        preferences=preferences(clinic, course.plan, wishes),
        load=day_load(search.request, chosen),
        previous=_previous(course),
        obstacles=source.obstacles,
        alternatives=others,
    )
    found = spacings(clinic, [course.plan.patient_id], [course.plan.pk], now)
    spacing = found.of(course.plan.patient_id, course.plan.pk)
    request = spaced(request, spacing, found.treated(course.sessions))
    result = plan_course(request)
    return Planned(course, request, result, members, len(source.all), late, resources.closures)


def preferences(clinic: Clinic, plan: TreatmentPlan, wishes: Wishes) -> Preferences:
    """The wishes as the planner takes them, with the months that sun-exposed areas avoid (S4)."""
    sunny = plan.areas.filter(sun_exposed=True).exists()
    times = None
    if wishes.starts_from or wishes.starts_until:
        times = (wishes.starts_from or time(0), wishes.starts_until or time(23, 59))
    away: tuple[DayRange, ...] = ()
    if wishes.not_from:
        away = (DayRange(wishes.not_from, wishes.not_until or wishes.not_from),)
    away += tuple(
        DayRange(date(year, month, 1), add_days(add_months(date(year, month, 1), 1), -1))
        for month in sorted(wishes.not_months)
        for year in range(plan.start_on.year, plan.start_on.year + _YEARS)
    )
    return Preferences(
        weekdays=wishes.weekdays,
        times=times,
        not_in=away,
        practitioner_id=wishes.practitioner_id,
        avoid_months=HIGH_UV[clinic.hemisphere] if sunny else frozenset(),
        strict_weekdays=wishes.strict,
        strict_times=wishes.strict,
    )


def specs_of(sessions: Iterable[PlannedSession]) -> tuple[SessionSpec, ...]:
    """Planned sessions as the protocol's domain has them, under their own numbers."""
    return tuple(
        SessionSpec(one.number, one.phase_name, one.phase_index, gap_of(one)) for one in sessions
    )


def with_licences(
    clinic: Clinic, kind: VisitType, members: Mapping[UUID, Membership], resources: Resources
) -> Resources:
    """A licence that runs out ends the time in which somebody can be booked for injections."""
    if not kind.needs_licence:
        return resources
    zone = clinic.zone
    people = []
    for calendar in resources.practitioners:
        last = members[calendar.id].licence_expires_on
        if last is None:
            people.append(calendar)
            continue
        begins = day_interval(add_days(last, 1), zone).start
        ended = Absence(
            Interval(begins, begins + timedelta(days=3650)), gettext("the licence ends")
        )
        people.append(replace(calendar, absences=(*calendar.absences, ended)))
    return replace(resources, practitioners=tuple(people))


def visit_of(appointment: Appointment, number: int) -> Visit:
    """A stored visit as the planner has it (which leaves rooms out)."""
    during = interval_of(appointment.during)
    return Visit(number, Slot(during.start, during.end, appointment.practitioner_id))


def _first_window(course: Course, wishes: Wishes, today: date) -> tuple[Window, bool]:
    """The window of the first session to place; open, and late, where it has passed already."""
    earliest = max(today, wishes.start_on or today)
    gap = gap_of(course.to_place[0])
    if course.anchor is None or gap is None:
        return Window.open_from(max(earliest, course.plan.start_on)), False
    window = window_after(course.anchor, gap)
    if window.latest < earliest:
        return Window.open_from(earliest), True
    first = max(window.earliest, earliest)
    return Window(first, max(window.ideal, first), window.latest), False


def _until(first: Window, specs: Sequence[SessionSpec]) -> date:
    """The last day to look at: longest gaps from a start that waited a while, and some slack."""
    day = add_days(first.earliest, _MAY_WAIT) if first.is_open else first.latest
    for spec in specs[1:]:
        if spec.gap is not None:
            day = window_after(day, spec.gap).latest
    return add_days(day, _SLACK)


def _days(clinic: Clinic, first: date, last: date) -> Interval[datetime]:
    zone = clinic.zone
    return Interval(day_interval(first, zone).start, day_interval(last, zone).end)


def _in_order(members: Mapping[UUID, Membership], wishes: Wishes) -> tuple[UUID, ...]:
    """The wished practitioner first: where nothing else decides, the first is taken."""
    return tuple(sorted(members, key=lambda who: (who != wishes.practitioner_id,)))


def _only(resources: Resources, wishes: Wishes) -> Resources:
    if not wishes.only or wishes.practitioner_id is None:
        return resources
    people = tuple(one for one in resources.practitioners if one.id == wishes.practitioner_id)
    return replace(resources, practitioners=people)


def _others(resources: Resources, chosen: Resources) -> Resources:
    taken = {one.id for one in chosen.practitioners}
    left = tuple(one for one in resources.practitioners if one.id not in taken)
    return replace(resources, practitioners=left or resources.practitioners)


def _previous(course: Course) -> Visit | None:
    """The last visit that stands, whom and where to keep."""
    placed = [one for one in course.sessions if one.pk in course.booked]
    if not placed:
        return None
    return visit_of(course.booked[placed[-1].pk], placed[-1].number)
