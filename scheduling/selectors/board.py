"""The day at the clinic: who is seen by whom, in the order of the day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.clinic.selectors import staff_of
from scheduling.domain.status import BLOCKING, Status
from scheduling.models import Appointment, WorkingHours
from scheduling.selectors.appointments import appointments_between, with_session_totals
from scheduling.selectors.slots import days_between

_SHOWN = frozenset(BLOCKING | {Status.NO_SHOW})


@dataclass(frozen=True, slots=True)
class Column:
    """A practitioner's day: visits in order, the usual room, and until when they work."""

    member: Membership
    visits: tuple[Appointment, ...]
    until: time | None
    room: str = ""

    @property
    def to_come(self) -> int:
        """Visits that have not begun."""
        return sum(1 for visit in self.visits if visit.status in _TO_COME)


_TO_COME = frozenset({Status.PENDING, Status.BOOKED, Status.CONFIRMED, Status.ARRIVED})


@dataclass(frozen=True, slots=True)
class DayBoard:
    """A local day of the clinic: a column for everybody who works or has a visit."""

    day: date
    columns: tuple[Column, ...]

    @property
    def visits(self) -> tuple[Appointment, ...]:
        """All visits of the day, by column."""
        return tuple(visit for column in self.columns for visit in column.visits)

    @property
    def patients(self) -> list[UUID]:
        """Whose data the board shows, for the audit row."""
        return [visit.patient_id for visit in self.visits]

    @property
    def to_come(self) -> int:
        """Visits that have not begun."""
        return sum(column.to_come for column in self.columns)


def day_board(clinic: Clinic, day: date, *, practitioner_id: UUID | None = None) -> DayBoard:
    """The clinic's local day. Three queries, however many visits.

    Each visit has its patient, practitioner, room, visit type, plan, planned session and
    `session_total` joined. Cancelled visits are left out. Whoever shows it records the read.
    """
    rows = with_session_totals(appointments_between(clinic, days_between(clinic, day, day)))
    rows = rows.filter(status__in=sorted(_SHOWN))
    members = list(staff_of(clinic))
    if practitioner_id is not None:
        rows = rows.filter(practitioner=practitioner_id)
        members = [member for member in members if member.staff_id == practitioner_id]
    by_person: dict[UUID, list[Appointment]] = {}
    for visit in rows:
        visit.clinic = clinic
        by_person.setdefault(visit.practitioner_id, []).append(visit)
    work = _work_of(clinic, day)
    columns = [
        Column(member, tuple(by_person.get(member.staff_id, ())), *work.get(member.staff_id, _NONE))
        for member in members
        if member.staff_id in by_person or member.staff_id in work
    ]
    return DayBoard(day, tuple(columns))


_NONE: tuple[time | None, str] = (None, "")


def _work_of(clinic: Clinic, day: date) -> dict[UUID, tuple[time | None, str]]:
    """Until when and in which room each practitioner works on the day."""
    rows = (
        WorkingHours.objects.for_clinic(clinic)
        .filter(weekday=day.weekday())
        .order_by("ends")
        .values_list("practitioner_id", "ends", "room__name", "valid_from", "valid_until")
    )
    found: dict[UUID, tuple[time | None, str]] = {}
    for who, ends, room, first, last in rows:
        if (first is None or first <= day) and (last is None or day <= last):
            found[who] = (ends, room or "")
    return found


def gaps(visits: Iterable[Appointment]) -> list[tuple[datetime, datetime]]:
    """The stretches between visits in order of start, where nobody is booked."""
    found: list[tuple[datetime, datetime]] = []
    end: datetime | None = None
    for visit in visits:
        if end is not None and visit.occupies.lower > end:
            found.append((end, visit.occupies.lower))
        end = max(visit.occupies.upper, end or visit.occupies.upper)
    return found
