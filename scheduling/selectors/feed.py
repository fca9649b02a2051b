"""Visits as the calendar draws them: bare values, no model instances, one query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, Func, Q, QuerySet

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.intervals import Interval, subtract
from scheduling.domain.slots import ResourceCalendar, SlotRequest, open_intervals
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
    status: str
    kind: str
    session: int | None
    version: int
    movable: bool
    alert: bool
    off_protocol: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """Only these practitioners and rooms; empty means all."""

    practitioners: tuple[UUID, ...] = ()
    rooms: tuple[UUID, ...] = ()


@dataclass(slots=True)
class Feed:
    """The events and whose they are (for the one audit row)."""

    events: list[CalendarEvent] = field(default_factory=list)
    patients: list[UUID] = field(default_factory=list)


_FIELDS = (
    "pk", "starts", "ends", "patient__name", "practitioner_id", "room__name", "status",
    "visit_type__name", "planned_session__number", "schedule_version", "patient__alert",
    "off_protocol", "patient_id",
)  # fmt: skip
_HIDDEN = [Status.CANCELLED.value]
_MOVABLE = frozenset(status.value for status in UPCOMING)


def calendar_events(
    clinic: Clinic, within: Interval[datetime], filters: Filters | None = None
) -> Feed:
    """The visits that touch the time, in order; cancelled ones are left out. One query."""
    wanted = filters or Filters()
    rows = Appointment.objects.for_clinic(clinic).filter(
        ~Q(status__in=_HIDDEN), during__overlap=range_of(within)
    )
    if wanted.practitioners:
        rows = rows.filter(practitioner__in=wanted.practitioners)
    if wanted.rooms:
        rows = rows.filter(room__in=wanted.rooms)
    zone = clinic.zone
    feed = Feed()
    for row in _with_ends(rows).order_by("during").values_list(*_FIELDS):
        feed.events.append(_event(row, zone))
        feed.patients.append(row[12])
    return feed


def _with_ends(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Both ends as instants: taking a range apart here costs more than all the rest."""
    moment = DateTimeField()
    return rows.annotate(
        starts=Func("during", function="lower", output_field=moment),
        ends=Func("during", function="upper", output_field=moment),
    )


def _event(row: tuple, zone: ZoneInfo) -> CalendarEvent:  # type: ignore[type-arg]
    pk, starts, ends, name, who, room, status, kind, number, version, alert, off, _patient = row
    return {
        "id": str(pk),
        "start": wall(starts, zone),
        "end": wall(ends, zone),
        "title": name,
        "practitioner": str(who),
        "room": room or "",
        "status": status,
        "kind": kind,
        "session": number,
        "version": version,
        "movable": status in _MOVABLE,
        "alert": bool(alert),
        "off_protocol": off,
    }


def wall(moment: datetime, zone: ZoneInfo) -> str:
    """What the clinic's clock shows, as ISO without offset."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")


class ClosedTime(TypedDict):
    """A stretch in which a practitioner does not work."""

    practitioner: str
    start: str
    end: str
    label: str


def closed_times(
    clinic: Clinic, within: Interval[datetime], practitioners: tuple[UUID, ...]
) -> list[ClosedTime]:
    """What the calendar hatches: the time outside hours, time off and closures. Two queries."""
    hours = load_hours(clinic, practitioners)
    absent = away(clinic, within)
    zone = clinic.zone
    request = SlotRequest(within=within, zone=zone, duration=within.duration)
    closures = [one.during for one in absent.closures]
    found: list[ClosedTime] = []
    for who in practitioners:
        absences = absent.by_id.get(who, ())
        calendar = ResourceCalendar(who, hours.blocks(who), absences)
        working = subtract(open_intervals(request, calendar), closures)
        named = [*absent.closures, *absences]
        for gap in subtract([within], working):
            label = next((one.label for one in named if one.during.overlaps(gap)), "")
            found.append(
                {
                    "practitioner": str(who),
                    "start": wall(gap.start, zone),
                    "end": wall(gap.end, zone),
                    "label": label,
                }
            )
    return found
