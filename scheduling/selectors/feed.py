"""Visits as the calendar draws them: bare values, no model instances, one query.

`stamp` says cheaply whether anything has changed since, so that an open calendar can ask every few
seconds and is answered "no" without a visit being read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateTimeField, Func, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.intervals import Interval, subtract
from patients.models import ScreeningResult
from scheduling.domain.slots import Absence, ResourceCalendar, SlotRequest, open_intervals
from scheduling.domain.status import UPCOMING, Status
from scheduling.models import Appointment
from scheduling.selectors.calendars import away, load_hours, range_of


class CalendarEvent(TypedDict):
    """One block. Times are the clinic's wall clock, without offset: the calendar has no zone."""

    id: str
    start: str
    end: str
    title: str
    practitioner: str
    room: str
    room_id: str
    status: str
    kind: str
    type: str
    session: int | None
    version: int
    movable: bool
    alert: bool
    off_protocol: bool
    unscreened: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """Only these practitioners, rooms, types, this status, these letters of a name; empty: all."""

    practitioners: tuple[UUID, ...] = ()
    rooms: tuple[UUID, ...] = ()
    types: tuple[UUID, ...] = ()
    status: str = ""
    name: str = ""

    @property
    def q(self) -> Q:
        """The same as a condition; cancelled visits are seen only by who asks for them."""
        wanted = Q(status=self.status) if self.status else ~Q(status__in=_HIDDEN)
        if self.practitioners:
            wanted &= Q(practitioner__in=self.practitioners)
        if self.rooms:
            wanted &= Q(room__in=self.rooms)
        if self.types:
            wanted &= Q(visit_type__in=self.types)
        if self.name:
            wanted &= Q(patient__name__icontains=self.name)
        return wanted


@dataclass(slots=True)
class Feed:
    """The events and whose they are (for the one audit row)."""

    events: list[CalendarEvent] = field(default_factory=list)
    patients: list[UUID] = field(default_factory=list)


_FIELDS = (
    "own", "starts", "ends", "patient__name", "who", "room__name", "status",
    "visit_type__name", "planned_session__number", "schedule_version", "patient__alert",
    "off_protocol", "patient_id", "place", "sort", "visit_type__needs_licence", "screened_until",
)  # fmt: skip
_HIDDEN = [Status.CANCELLED.value]
_MOVABLE = frozenset(status.value for status in UPCOMING)


def calendar_events(
    clinic: Clinic, within: Interval[datetime], filters: Filters | None = None
) -> Feed:
    """The visits that touch the time, in order. One query."""
    rows = Appointment.objects.for_clinic(clinic).filter(
        (filters or Filters()).q, during__overlap=range_of(within)
    )
    zone = clinic.zone
    feed = Feed()
    for row in _plain(rows).order_by("during").values_list(*_FIELDS):
        feed.events.append(_event(row, zone))
        feed.patients.append(row[12])
    return feed


def _plain(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Both ends as instants and the ids as text: to take ranges and UUIDs apart here costs more
    than all the rest."""
    moment, text = DateTimeField(), TextField()
    latest = ScreeningResult.objects.filter(patient=OuterRef("patient")).order_by("-evaluated_at")
    return rows.annotate(
        starts=Func("during", function="lower", output_field=moment),
        ends=Func("during", function="upper", output_field=moment),
        own=Cast("pk", text),
        who=Cast("practitioner", text),
        place=Cast("room", text),
        sort=Cast("visit_type", text),
        screened_until=Subquery(latest.values("valid_until")[:1]),
    )


def _event(row: tuple, zone: ZoneInfo) -> CalendarEvent:  # type: ignore[type-arg]
    pk, starts, ends, name, who, room, status, kind, number, version, alert, off, _patient = row[
        :13
    ]
    return {
        "id": pk,
        "start": wall(starts, zone),
        "end": wall(ends, zone),
        "title": name,
        "practitioner": who,
        "room": room or "",
        "room_id": row[13] or "",
        "status": status,
        "kind": kind,
        "type": row[14],
        "session": number,
        "version": version,
        "movable": status in _MOVABLE,
        "alert": bool(alert),
        "off_protocol": off,
        "unscreened": (
            status in _MOVABLE and row[15] and not _reaches(row[16], starts.astimezone(zone))
        ),
    }


def _reaches(screened_until: date | None, starts: datetime) -> bool:
    """Whether a screening is still valid on the local day of the visit; what it found is not asked:
    the calendar warns of what can be mended by asking the patient again."""
    return screened_until is not None and screened_until >= starts.date()


def wall(moment: datetime, zone: ZoneInfo) -> str:
    """What the clinic's clock shows, as ISO without offset."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")


# xmin is the transaction that wrote a row last: it changes with every write, whoever makes it.
_STAMP = """
SELECT count(*), coalesce(sum(hashtextextended(id::text || xmin::text, 0)), 0)
FROM scheduling_appointment WHERE clinic_id = %(clinic)s AND during && %(within)s
UNION ALL
SELECT count(*), coalesce(sum(hashtextextended(id::text || xmin::text, 0)), 0)
FROM scheduling_timeoff WHERE clinic_id = %(clinic)s AND during && %(within)s
UNION ALL
SELECT count(*), coalesce(sum(hashtextextended(screened.id::text, 0)), 0)
FROM scheduling_appointment visit CROSS JOIN LATERAL (
    SELECT id FROM patients_screeningresult
    WHERE patient_id = visit.patient_id ORDER BY evaluated_at DESC LIMIT 1
) screened
WHERE visit.clinic_id = %(clinic)s AND visit.during && %(within)s
"""


def stamp(clinic: Clinic, within: Interval[datetime], asked: str = "") -> str:
    """An ETag of what the calendar shows of this time: another one as soon as anything is written.

    A new screening of one of the patients counts, a changed name does not. `asked` are the
    filters: the stamp of another question is another stamp. One query, which reads an index and
    the rows of the time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAMP, {"clinic": clinic.pk, "within": range_of(within)})
        rows = cursor.fetchall()
    content = f"{clinic.pk}|{within}|{asked}|{rows}"
    return f'W/"{sha256(content.encode()).hexdigest()[:32]}"'


class ClosedTime(TypedDict):
    """A stretch in which a practitioner does not work, or a room can't be used."""

    practitioner: str
    start: str
    end: str
    label: str


def closed_times(
    clinic: Clinic, within: Interval[datetime], practitioners: tuple[UUID, ...]
) -> list[ClosedTime]:
    """What the calendar hatches: the time outside hours, time off and closures. Two queries.

    What has a name (leave, a closure, a time held online) is a stretch of its own, however it
    meets the hours.
    """
    hours = load_hours(clinic, practitioners)
    absent = away(clinic, within)
    zone = clinic.zone
    request = SlotRequest(within=within, zone=zone, duration=within.duration)
    found: list[ClosedTime] = []
    for who in practitioners:
        named, rest = _named(within, [*absent.closures, *absent.by_id.get(who, ())])
        working = open_intervals(request, ResourceCalendar(who, hours.blocks(who), ()))
        stretches = [*named, *((gap, "") for gap in subtract(rest, working))]
        found += [
            {
                "practitioner": str(who),
                "start": wall(gap.start, zone),
                "end": wall(gap.end, zone),
                "label": label,
            }
            for gap, label in sorted(stretches, key=lambda one: one[0].start)
        ]
    return found


def _named(
    within: Interval[datetime], absences: Iterable[Absence]
) -> tuple[list[tuple[Interval[datetime], str]], list[Interval[datetime]]]:
    """The stretches of the absences with their labels, each moment once; and what is left over."""
    found: list[tuple[Interval[datetime], str]] = []
    rest = [within]
    for absence in absences:
        left = subtract(rest, [absence.during])
        found += [(gap, absence.label) for gap in subtract(rest, left)]
        rest = left
    return found, rest


def closed_rooms(
    clinic: Clinic, within: Interval[datetime], rooms: tuple[UUID, ...]
) -> list[ClosedTime]:
    """The same for rooms, which have no hours: when they are closed. One query."""
    absent = away(clinic, within)
    zone = clinic.zone
    return [
        {
            "practitioner": str(room),
            "start": wall(absence.during.start, zone),
            "end": wall(absence.during.end, zone),
            "label": absence.label,
        }
        for room in rooms
        for absence in (*absent.closures, *absent.by_id.get(room, ()))
    ]
