"""A practitioner is away: what is affected, and one proposal for all of it.

The most urgent course chooses first. What one patient is proposed counts as taken for the next,
so that the whole proposal can be carried out as it stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from operator import attrgetter
from uuid import UUID

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.calendar import add_days, day_interval, local_date
from mesoclinic.common.intervals import Interval
from patients.models import Patient
from scheduling.domain.courses import CourseRequest, Preferences, Replan, replan_displaced
from scheduling.domain.slots import Slot
from scheduling.domain.spacing import Injection, Treated
from scheduling.domain.status import BLOCKING, Status
from scheduling.models import Appointment, TimeOff, VisitType
from scheduling.selectors.appointments import appointments as shown
from scheduling.selectors.appointments import latest_blocking, with_session_totals
from scheduling.selectors.calendars import Search, interval_of, load_resources, range_of
from scheduling.selectors.courses import Times, members_for, specs_of, visit_of, with_licences
from scheduling.selectors.spacing import Spacings, spaced, spacings
from treatments.domain.protocol import Gap, SessionSpec, Verdict, Window
from treatments.models import PlannedSession
from treatments.selectors.windows import sessions_of

# As far after the absence as a new time is looked for, in days.
_AHEAD = 60
# Nobody is proposed a time before they can have heard of it.
_NOTICE = timedelta(hours=20)
_TO_PLACE = [Status.BOOKED.value, Status.CONFIRMED.value, Status.ON_HOLD.value]
_UPCOMING = [*_TO_PLACE, Status.PENDING.value]


@dataclass(frozen=True, slots=True)
class NewTime:
    """A visit and the time proposed for it. `displaced`: it can't stay; else it moves along."""

    appointment: Appointment
    slot: Slot
    member: Membership
    displaced: bool

    @property
    def value(self) -> str:
        """As the form sends it back: id, start, version, practitioner."""
        visit = self.appointment
        parts = (visit.pk, self.slot.start.isoformat(), visit.schedule_version)
        return "|".join(map(str, (*parts, self.slot.practitioner_id)))

    @property
    def changes_hands(self) -> bool:
        """Whether somebody else would see the patient."""
        return self.slot.practitioner_id != self.appointment.practitioner_id


@dataclass(frozen=True, slots=True)
class Row:
    """One patient of the proposal: the visits that can't stay and, where found, new times.

    `late` numbers the sessions that would come after their window; nothing else was free.
    """

    patient: Patient
    affected: tuple[Appointment, ...]
    times: tuple[NewTime, ...] = ()
    late: tuple[int, ...] = ()

    @property
    def is_placed(self) -> bool:
        """Whether every affected visit has a new time."""
        return bool(self.times)

    @property
    def has_window(self) -> bool:
        """Whether any of it is a session of a course."""
        return any(visit.planned_session_id for visit in self.affected)

    @property
    def values(self) -> list[str]:
        """The moves of this patient, as the form sends them back."""
        return [one.value for one in self.times]


@dataclass(frozen=True, slots=True)
class AbsencePlan:
    """The proposal for everybody."""

    rows: tuple[Row, ...] = ()

    @property
    def placed(self) -> list[Row]:
        """Patients with new times."""
        return [row for row in self.rows if row.is_placed]

    @property
    def unplaced(self) -> list[Row]:
        """Patients for whom nothing was found."""
        return [row for row in self.rows if not row.is_placed]

    @property
    def visits(self) -> int:
        """How many visits can't stay."""
        return sum(len(row.affected) for row in self.rows)


def affected_visits(clinic: Clinic, absence: TimeOff, now: datetime) -> list[Appointment]:
    """The visits to come that an absence of a practitioner, or a closure, leaves without anybody."""
    rows = with_session_totals(shown(clinic)).filter(
        status__in=_TO_PLACE, during__startswith__gt=now, during__overlap=absence.during
    )
    for name in ("practitioner_id", "room_id", "device_id"):
        if getattr(absence, name) is not None:
            rows = rows.filter(**{name: getattr(absence, name)})
    return list(rows.order_by("during"))


def count_affected(clinic: Clinic, absences: Sequence[TimeOff], now: datetime) -> dict[UUID, int]:
    """How many visits stand in each absence, by its id. One query."""
    if not absences:
        return {}
    span = Interval(
        min(one.during.lower for one in absences), max(one.during.upper for one in absences)
    )
    rows = (
        Appointment.objects.for_clinic(clinic)
        .filter(status__in=_TO_PLACE, during__startswith__gt=now, during__overlap=range_of(span))
        .values_list("practitioner_id", "room_id", "device_id", "during")
    )
    found = dict.fromkeys((one.pk for one in absences), 0)
    for who, room, device, during in rows:
        for one in absences:
            whose = (one.practitioner_id, one.room_id, one.device_id)
            mine = all(
                want in {None, has} for want, has in zip(whose, (who, room, device), strict=True)
            )
            if mine and interval_of(one.during).overlaps(interval_of(during)):
                found[one.pk] += 1
    return found


def propose_absence(clinic: Clinic, absence: TimeOff, now: datetime) -> AbsencePlan:
    """One proposal for every visit that an absence displaces. A number of queries that grows with
    the kinds of visit, not with the visits.
    """
    affected = affected_visits(clinic, absence, now)
    if not affected:
        return AbsencePlan()
    planner = _Planner.load(clinic, absence, affected, now)
    groups: dict[tuple[UUID, UUID | None], list[Appointment]] = {}
    for visit in affected:
        key = (visit.patient_id, visit.plan_id if visit.planned_session_id else visit.pk)
        groups.setdefault(key, []).append(visit)
    ordered = sorted(groups.values(), key=planner.urgency)
    rows = [planner.row(visits) for visits in ordered]
    by_patient: dict[UUID, Row] = {}
    for row in rows:
        known = by_patient.get(row.patient.pk)
        by_patient[row.patient.pk] = row if known is None else _both(known, row)
    return AbsencePlan(tuple(sorted(by_patient.values(), key=_first_start)))


def _first_start(row: Row) -> datetime:
    start: datetime = min(visit.during.lower for visit in row.affected)
    return start


def _both(one: Row, other: Row) -> Row:
    """One row for one patient. All of it has a time, or none of it is proposed."""
    affected = (*one.affected, *other.affected)
    if not (one.is_placed and other.is_placed):
        return Row(one.patient, affected)
    return Row(one.patient, affected, (*one.times, *other.times), (*one.late, *other.late))


@dataclass(slots=True)
class _Planner:
    clinic: Clinic
    now: datetime
    members: Mapping[UUID, Membership]
    slots: Mapping[UUID, Sequence[Slot]]
    sessions: Mapping[UUID, list[PlannedSession]]
    booked: Mapping[UUID, Appointment]
    busy: Mapping[UUID, list[Appointment]]
    until: date
    spacings: Spacings
    taken: dict[UUID, list[Interval[datetime]]] = field(default_factory=dict)

    @classmethod
    def load(
        cls, clinic: Clinic, absence: TimeOff, affected: Sequence[Appointment], now: datetime
    ) -> _Planner:
        """Everything that the proposals need, read once."""
        plans = {v.plan_id for v in affected if v.plan_id and v.planned_session_id}
        sessions = sessions_of([pk for pk in plans if pk is not None])
        booked = latest_blocking(clinic, [one.pk for rows in sessions.values() for one in rows])
        last = max(
            local_date(visit.during.lower, clinic.zone) for visit in [*affected, *booked.values()]
        )
        until = add_days(max(last, local_date(absence.during.upper, clinic.zone)), _AHEAD)
        busy: dict[UUID, list[Appointment]] = {}
        people = {visit.patient_id for visit in affected}
        for visit in Appointment.objects.filter(
            patient__in=people, status__in=sorted(BLOCKING), during__endswith__gt=now
        ):
            busy.setdefault(visit.patient_id, []).append(visit)
        members: dict[UUID, Membership] = {}
        slots: dict[UUID, Sequence[Slot]] = {}
        for kind in {visit.visit_type_id: visit.visit_type for visit in affected}.values():
            able = {one.staff_id: one for one in members_for(clinic, kind, clinic.today(now))}
            members |= able
            slots[kind.pk] = _free(clinic, kind, able, until, now)
        gone = [visit.pk for visit in affected]
        near = spacings(clinic, people, sessions, now, gone)
        return cls(clinic, now, members, slots, sessions, booked, busy, until, near)

    def urgency(self, visits: Sequence[Appointment]) -> tuple[bool, datetime]:
        """Courses before single visits, and in order of time: the rest can wait for a day."""
        first = visits[0]
        return first.planned_session_id is None, first.during.lower

    def row(self, visits: Sequence[Appointment]) -> Row:
        """New times for the visits of one course, or for one visit outside a course."""
        first = visits[0]
        gone = {visit.pk for visit in visits}
        if first.planned_session is None:
            course = {1: first}
            specs: tuple[SessionSpec, ...] = (SessionSpec(1, "", 0, None),)
        else:
            rows = self.sessions[first.planned_session.plan_id]
            specs = specs_of(rows)
            course = {one.number: self.booked[one.pk] for one in rows if one.pk in self.booked}
        displaced = frozenset(n for n, visit in course.items() if visit.pk in gone)
        if not displaced:
            return Row(first.patient, tuple(visits))
        late: tuple[int, ...] = ()
        result = self._replan(first, course, specs, displaced)
        if result is None:
            result = self._replan(first, course, _wider(specs, displaced), displaced)
            late = tuple(sorted(displaced)) if result is not None else ()
        return self._row(visits, course, specs, result, late)

    def _replan(
        self, first: Appointment, course: Mapping[int, Appointment],
        specs: tuple[SessionSpec, ...], displaced: frozenset[int],
    ) -> Replan | None:  # fmt: skip
        start = min(displaced)
        before = [number for number in course if number < start]
        zone = self.clinic.zone
        day = local_date(course[start].during.lower, zone)
        opens = self.clinic.today(self.now)
        if first.plan is not None:
            opens = max(opens, first.plan.start_on)
        mine = {visit.pk for visit in course.values()}
        request = CourseRequest(
            sessions=specs,
            first=Window(day, day, day) if before else Window(min(opens, day), day, self.until),
            until=self.until,
            zone=zone,
            candidates=_Untaken(self.slots[first.visit_type_id], self.taken, first, zone),
            preferences=self._as_before(first),
            patient_busy=tuple(
                interval_of(visit.during)
                for visit in self.busy.get(first.patient_id, ())
                if visit.pk not in mine
            ),
        )
        if first.visit_type.kind == VisitType.Kind.SESSION:
            near = self.spacings.of(first.patient_id, first.plan_id)
            request = spaced(request, near, self._treated(first))
        visits = [visit_of(visit, number) for number, visit in course.items()]
        locked = frozenset(n for n, one in course.items() if one.status not in _UPCOMING)
        return replan_displaced(request, visits, displaced, locked)

    def _treated(self, visit: Appointment) -> dict[int, Treated]:
        if visit.planned_session is None:
            return {1: Treated()}
        return self.spacings.treated(self.sessions[visit.planned_session.plan_id])

    def _as_before(self, visit: Appointment) -> Preferences:
        """The same practitioner and about the same hour, where that can be had."""
        clock = self.clinic.local(visit.during.lower)
        until = (clock + timedelta(minutes=61)).time()
        times = (clock.time(), until) if clock.time() < until else (clock.time(), time(23, 59))
        return Preferences(
            times=times if times[0] < times[1] else None, practitioner_id=visit.practitioner_id
        )

    def _row(
        self, visits: Sequence[Appointment], course: Mapping[int, Appointment],
        specs: tuple[SessionSpec, ...], result: Replan | None, late: tuple[int, ...],
    ) -> Row:  # fmt: skip
        patient = visits[0].patient
        if result is None:
            return Row(patient, tuple(visits))
        gone = {visit.pk for visit in visits}
        times = []
        for change in result.changes:
            visit = course[change.number]
            slot = change.after
            times.append(NewTime(visit, slot, self.members[slot.practitioner_id], visit.pk in gone))
            self._take(visit, slot)
        outside = {
            one.number
            for one in result.off_protocol
            if not one.existing and one.verdict is Verdict.OFF_PROTOCOL
        }
        return Row(patient, tuple(visits), tuple(times), tuple(sorted({*late, *outside})))

    def _take(self, visit: Appointment, slot: Slot) -> None:
        kind = visit.visit_type
        before = timedelta(minutes=kind.buffer_before_min)
        after = timedelta(minutes=kind.buffer_after_min)
        self.taken.setdefault(slot.practitioner_id, []).append(
            Interval(slot.start - before, slot.end + after)
        )
        if kind.kind == VisitType.Kind.SESSION:
            number = visit.planned_session.number if visit.planned_session else 1
            treated = self._treated(visit)[number]
            day = local_date(slot.start, self.clinic.zone)
            self.spacings.add(visit.patient_id, Injection(day, treated, visit.plan_id))


class _Untaken:
    """Free times of a kind on the days asked for, without what others were just proposed."""

    __slots__ = ("_after", "_before", "_slots", "_taken", "_zone")

    def __init__(
        self,
        slots: Sequence[Slot],
        taken: Mapping[UUID, list[Interval[datetime]]],
        visit: Appointment,
        zone: tzinfo,
    ) -> None:
        self._slots = slots
        self._taken = taken
        self._zone = zone
        self._before = timedelta(minutes=visit.visit_type.buffer_before_min)
        self._after = timedelta(minutes=visit.visit_type.buffer_after_min)

    def __call__(self, _number: int, first: date, last: date) -> Sequence[Slot]:
        """The slots on local days from first to last, both included."""
        start = day_interval(first, self._zone).start
        end = day_interval(last, self._zone).end
        low = bisect_left(self._slots, start, key=attrgetter("start"))
        found = self._slots[low : bisect_left(self._slots, end, key=attrgetter("start"))]
        if not self._taken:
            return found
        return [slot for slot in found if self._is_free(slot)]

    def _is_free(self, slot: Slot) -> bool:
        taken = self._taken.get(slot.practitioner_id)
        if not taken:
            return True
        wanted = Interval(slot.start - self._before, slot.end + self._after)
        return not any(one.overlaps(wanted) for one in taken)


def _wider(specs: Sequence[SessionSpec], displaced: frozenset[int]) -> tuple[SessionSpec, ...]:
    """The course with no latest day for what can't stay: better late than not at all."""
    return tuple(
        replace(
            one, gap=Gap(one.gap.min, one.gap.ideal, one.gap.max + _late(one.gap), one.gap.unit)
        )
        if one.number in displaced and one.gap is not None
        else one
        for one in specs
    )


def _late(gap: Gap) -> int:
    return _AHEAD if gap.unit.value == "days" else 2


def _free(
    clinic: Clinic, kind: VisitType, members: Mapping[UUID, Membership], until: date, now: datetime
) -> Sequence[Slot]:
    zone = clinic.zone
    search = Search(
        clinic=clinic,
        visit_type=kind,
        practitioners=tuple(sorted(members)),
        within=Interval(day_interval(clinic.today(now), zone).start, day_interval(until, zone).end),
        now=now,
        notice=_NOTICE,
    )
    resources = with_licences(clinic, kind, members, load_resources(search))
    return Times(search.request, resources).all
