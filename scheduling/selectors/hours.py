"""Who works when, who is away, and what rooms and devices allow: the team's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.dates import WEEKDAYS_ABBR

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.clinic.selectors import staff_of
from mesoclinic.common.calendar import add_days, day_interval
from scheduling.domain.weekly import Block, format_day
from scheduling.exceptions import HoursNotFound, TimeOffNotFound
from scheduling.models import Device, OnlineBooking, ResourceHours, Room, TimeOff, WorkingHours
from scheduling.selectors.absences import count_affected

_SOON = 120
_HOLIDAYS = 6


@dataclass(frozen=True, slots=True)
class WeekOf:
    """Somebody's (or a room's) hours by weekday, as text; `whose` is a membership, room or device."""

    whose: Any
    days: tuple[str, ...]
    exceptions: tuple[tuple[date, str], ...] = ()

    @property
    def named(self) -> list[tuple[str, str]]:
        """Each weekday's short name with its hours."""
        return list(zip(weekday_names(), self.days, strict=True))

    @property
    def named_blocks(self) -> list[tuple[str, list[str]]]:
        """Each weekday's short name with its hours, block by block."""
        return [(name, hours.split(", ") if hours else []) for name, hours in self.named]

    @property
    def is_empty(self) -> bool:
        """Whether there are no hours at all."""
        return not any(self.days)


@dataclass(frozen=True, slots=True)
class AwayLine:
    """Time off in local days, and how many visits stand in it."""

    row: TimeOff
    whose: str
    first: datetime
    last: datetime
    whole_days: bool
    visits: int


def weekday_names() -> list[str]:
    """Monday to Sunday, short."""
    return [str(WEEKDAYS_ABBR[day]) for day in range(7)]


def team_hours(clinic: Clinic, today: date) -> list[WeekOf]:
    """The hours of everybody who has any, and of all practitioners. Two queries."""
    rows = _current(WorkingHours.objects.for_clinic(clinic), today)
    by_person: dict[UUID, list[Any]] = {}
    for row in rows:
        by_person.setdefault(row.practitioner_id, []).append(row)
    return [
        week_of(one, by_person.get(one.staff_id, ()), today)
        for one in staff_of(clinic)
        if one.role == "practitioner" or one.staff_id in by_person
    ]


def hours_of_person(clinic: Clinic, member: Membership, today: date) -> WeekOf:
    """One person's hours. One query."""
    rows = WorkingHours.objects.for_clinic(clinic).filter(practitioner=member.staff)
    return week_of(member, _current(rows, today), today)


def resource_weeks(clinic: Clinic, today: date) -> list[WeekOf]:
    """Rooms, then devices, with their hours. Three queries."""
    by_id: dict[UUID | None, list[Any]] = {}
    for row in _current(ResourceHours.objects.for_clinic(clinic), today):
        by_id.setdefault(row.room_id or row.device_id, []).append(row)
    rooms = Room.objects.for_clinic(clinic).filter(is_active=True)
    devices = Device.objects.for_clinic(clinic).filter(is_active=True)
    return [week_of(one, by_id.get(one.pk, ()), today) for one in [*rooms, *devices]]


def week_of(whose: Any, rows: Iterable[Any], today: date) -> WeekOf:
    """Rows of hours as a week that begins today: the block that holds now, or that comes next."""
    days: list[list[Block]] = [[] for _ in range(7)]
    single: dict[date, list[Block]] = {}
    for row in rows:
        block = (row.starts, row.ends)
        if row.valid_from is not None and row.valid_from == row.valid_until:
            single.setdefault(row.valid_from, []).append(block)
        elif row.valid_from is None or row.valid_from <= today or not days[row.weekday]:
            days[row.weekday].append(block)
    return WeekOf(
        whose,
        tuple(format_day(sorted(blocks)) for blocks in days),
        tuple((day, format_day(sorted(blocks))) for day, blocks in sorted(single.items())),
    )


def _current(rows: Any, today: date) -> list[Any]:
    """Rows that hold today or later, those that hold now first."""
    found = [row for row in rows if row.valid_until is None or row.valid_until >= today]
    return sorted(found, key=lambda row: (row.valid_from or date.min, row.starts))


def get_person(clinic: Clinic, staff_id: UUID) -> Membership:
    """Somebody of the clinic. Raises HoursNotFound."""
    found = staff_of(clinic).filter(staff_id=staff_id).first()
    if found is None:
        raise HoursNotFound
    return found


def get_resource(clinic: Clinic, pk: UUID) -> Room | Device:
    """A room or device of the clinic. Raises HoursNotFound."""
    found = (
        Room.objects.for_clinic(clinic).filter(pk=pk).first()
        or Device.objects.for_clinic(clinic).filter(pk=pk).first()
    )
    if found is None:
        raise HoursNotFound
    return found


def get_time_off(clinic: Clinic, pk: UUID) -> TimeOff:
    """Time off of the clinic. Raises TimeOffNotFound."""
    rows = TimeOff.objects.for_clinic(clinic).select_related("practitioner", "room", "device")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise TimeOffNotFound
    return found


def away_lines(clinic: Clinic, now: datetime, *, holidays: bool = False) -> list[AwayLine]:
    """Leave, maintenance and closures from now on; or the public holidays of a year. Two queries.

    What is held for a while because somebody books online is nobody's leave, and is left out.
    """
    held = OnlineBooking.objects.filter(Q(away=OuterRef("pk")) | Q(room_away=OuterRef("pk")))
    rows = TimeOff.objects.for_clinic(clinic).filter(~Exists(held), during__endswith__gt=now)
    rows = rows.exclude(holiday_key="") if holidays else rows.filter(holiday_key="")
    until = day_interval(add_days(clinic.today(now), 400 if holidays else _SOON), clinic.zone).end
    rows = rows.filter(during__startswith__lt=until)
    listed = list(rows.select_related("practitioner", "room", "device").order_by("during"))
    counts = {} if holidays else count_affected(clinic, listed, now)
    return [
        line_of(clinic, row, counts.get(row.pk, 0))
        for row in listed[: _HOLIDAYS if holidays else None]
    ]


def line_of(clinic: Clinic, row: TimeOff, visits: int = 0) -> AwayLine:
    """Time off in local days, with the name of whoever is away."""
    first, end = clinic.local(row.during.lower), clinic.local(row.during.upper)
    whole = first.time() == end.time() == datetime.min.time()
    last = clinic.local(row.during.upper) if not whole else _day_before(end)
    whose = row.practitioner or row.room or row.device
    name = getattr(whose, "full_name", None) or (str(whose) if whose else "")
    return AwayLine(row, name, first, last, whole, visits)


def _day_before(end: datetime) -> datetime:
    return datetime.combine(add_days(end.date(), -1), end.timetz())
