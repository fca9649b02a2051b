"""Hours, absences and bookings as the calendars that the search for free time takes.

However many people, rooms and weeks: a fixed number of queries. Bookings are merged by the
database (`range_agg`) and come as whole seconds, so that a full half-year costs little here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.intervals import Interval
from mesoclinic.statements import Statement
from scheduling.domain.slots import Absence, HoursBlock, ResourceCalendar, Resources, SlotRequest
from scheduling.domain.status import BLOCKING
from scheduling.models import Device, Room, VisitType

Busy = dict[UUID, tuple[Interval[datetime], ...]]

# A buffer reaches this far at most: bookings just outside the days asked for still count.
_REACH = timedelta(hours=8)
_BLOCKING = ", ".join(f"'{status.value}'" for status in sorted(BLOCKING))


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for: a visit type in a stretch of time, with some practitioners.

    `ignoring` are visits that don't count as busy (those about to be moved). With `patient_id`
    the patient's own visits count as taken. `by_patient`: the patient chooses, so the notice and
    the horizon of the visit type hold, which the desk need not keep. `notice` keeps any search
    that much clear of now; what is held at this moment counts as taken all the same.
    """

    clinic: Clinic
    visit_type: VisitType
    practitioners: tuple[UUID, ...]
    within: Interval[datetime]
    now: datetime
    patient_id: UUID | None = None
    ignoring: tuple[UUID, ...] = ()
    by_patient: bool = False
    notice: timedelta = timedelta()

    @property
    def request(self) -> SlotRequest:
        """The same for the domain."""
        kind = self.visit_type
        return SlotRequest(
            within=self.within,
            zone=self.clinic.zone,
            duration=timedelta(minutes=kind.duration_min),
            step=timedelta(minutes=kind.grid_min),
            buffer_before=timedelta(minutes=kind.buffer_before_min),
            buffer_after=timedelta(minutes=kind.buffer_after_min),
            now=self.now,
            notice=max(self.notice, timedelta(hours=kind.notice_hours if self.by_patient else 0)),
            horizon=timedelta(days=kind.horizon_days) if self.by_patient else None,
        )


@dataclass(frozen=True, slots=True)
class Away:
    """Time off in a stretch of time, by whom it concerns."""

    closures: tuple[Absence, ...] = ()
    by_id: Mapping[UUID, tuple[Absence, ...]] = field(default_factory=dict)


def interval_of(value: DateTimeTZRange) -> Interval[datetime]:
    """A stored range as an interval of instants."""
    return Interval(value.lower, value.upper)


def range_of(interval: Interval[datetime]) -> DateTimeTZRange:
    """An interval as it is stored."""
    return DateTimeTZRange(interval.start, interval.end, "[)")


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours of some practitioners: each block with the usual room in it."""

    rows: Mapping[UUID, Sequence[tuple[HoursBlock, UUID | None]]]

    def blocks(self, who: UUID) -> tuple[HoursBlock, ...]:
        """The practitioner's blocks; none for somebody who has no hours."""
        return tuple(block for block, _room in self.rows.get(who, ()))

    def room_at(self, who: UUID, local: datetime) -> UUID | None:
        """The room in which the practitioner usually works at a local time."""
        return next(
            (
                room
                for block, room in self.rows.get(who, ())
                if room is not None and _holds(block, local)
            ),
            None,
        )


def _holds(block: HoursBlock, local: datetime) -> bool:
    day = local.date()
    second = local.hour * 3600 + local.minute * 60
    return (
        block.weekday == day.weekday()
        and block.start_second <= second < block.end_second
        and (block.valid_from is None or block.valid_from <= day)
        and (block.valid_until is None or day <= block.valid_until)
    )


_HOURS = Statement("""
SELECT practitioner_id, room_id, weekday, starts, ends, valid_from, valid_until
FROM scheduling_workinghours
WHERE clinic_id = %(clinic)s AND practitioner_id = ANY (%(people)s::uuid[])
ORDER BY weekday, starts
""")


def load_hours(clinic: Clinic, practitioners: Iterable[UUID]) -> Hours:
    """Working hours of the practitioners. One query, bare because every booking makes it."""
    found: dict[UUID, list[tuple[HoursBlock, UUID | None]]] = {}
    rows = _HOURS.rows(clinic=clinic.pk, people=list(practitioners))
    for who, room, weekday, starts, ends, first, last in rows:
        block = HoursBlock(weekday, starts, ends, first, last)
        found.setdefault(who, []).append((block, room))
    return Hours(found)


_OPEN = Statement("""
SELECT coalesce(room_id, device_id), weekday, starts, ends, valid_from, valid_until
FROM scheduling_resourcehours
WHERE clinic_id = %(clinic)s
  AND (room_id = ANY (%(rooms)s::uuid[]) OR device_id = ANY (%(devices)s::uuid[]))
ORDER BY weekday, starts
""")


def resource_hours(
    clinic: Clinic, rooms: Iterable[UUID], devices: Iterable[UUID]
) -> dict[UUID, tuple[HoursBlock, ...]]:
    """Hours of rooms and devices; one without any is left out: it can always be used. One query."""
    found: dict[UUID, tuple[HoursBlock, ...]] = {}
    rows = _OPEN.rows(clinic=clinic.pk, rooms=list(rooms), devices=list(devices))
    for one, *block in rows:
        found[one] = (*found.get(one, ()), HoursBlock(*block))
    return found


def hours_of(clinic: Clinic, practitioners: Iterable[UUID]) -> dict[UUID, tuple[HoursBlock, ...]]:
    """Working hours by practitioner, those without any left out. One query."""
    hours = load_hours(clinic, practitioners)
    return {who: hours.blocks(who) for who in hours.rows}


_AWAY = Statement("""
SELECT practitioner_id, room_id, device_id, lower(during), upper(during), label
FROM scheduling_timeoff
WHERE clinic_id = %(clinic)s AND in_force AND during && tstzrange(%(start)s, %(end)s)
ORDER BY during
""")


def away(clinic: Clinic, within: Interval[datetime]) -> Away:
    """Closures, and time off by practitioner, room or device, that touch the time. One query."""
    closures: list[Absence] = []
    by_id: dict[UUID, list[Absence]] = {}
    rows = _AWAY.rows(clinic=clinic.pk, start=within.start, end=within.end)
    for *whose, start, end, label in rows:
        absence = Absence(Interval(start, end), label)
        ids = [one for one in whose if one is not None]
        if not ids:
            closures.append(absence)
        for one in ids:
            by_id.setdefault(one, []).append(absence)
    return Away(tuple(closures), {one: tuple(found) for one, found in by_id.items()})


def _busy_part(column: str, field_name: str) -> str:
    return f"""
SELECT '{column}', u.n - 1,
       array_agg(extract(epoch FROM lower(b.r))::bigint ORDER BY b.r),
       array_agg(ceil(extract(epoch FROM upper(b.r)))::bigint ORDER BY b.r)
FROM unnest(%({column})s::uuid[]) WITH ORDINALITY AS u (id, n)
CROSS JOIN LATERAL (
    SELECT unnest(range_agg(a.{field_name})) AS r FROM scheduling_appointment a
    WHERE a.status IN ({_BLOCKING}) AND a.{column} = u.id
      AND a.{field_name} && tstzrange(%(start)s, %(end)s)
      AND NOT (a.status = 'pending' AND a.held_until <= %(now)s)
      AND a.id <> ALL (%(ignoring)s::uuid[])
) b
GROUP BY 2
"""  # noqa: S608 - names of columns, all written here


_COLUMNS = {
    "practitioner_id": "occupies",
    "room_id": "occupies",
    "device_id": "occupies",
    "patient_id": "during",
}


@cache
def _busy(columns: tuple[str, ...]) -> Statement:
    return Statement(" UNION ALL ".join(_busy_part(name, _COLUMNS[name]) for name in columns))


def busy(wanted: Mapping[str, Sequence[UUID]], search: Search) -> Busy:
    """When each of `wanted` (column → ids) is taken: sorted, merged intervals by id. One query.

    Columns are practitioner_id, room_id, device_id and patient_id. Practitioners and rooms are
    counted whatever the clinic: a person who works in two clinics has one body.
    """
    columns = [name for name in _COLUMNS if wanted.get(name)]
    if not columns:
        return {}
    values: dict[str, Any] = {
        **{name: list(wanted[name]) for name in columns},
        "start": search.within.start - _REACH,
        "end": search.within.end + _REACH,
        "now": search.now,
        "ignoring": list(search.ignoring),
    }
    rows = _busy(tuple(columns)).rows(**values)
    return {
        wanted[column][place]: tuple(
            Interval(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
            for start, end in zip(starts, ends, strict=True)
        )
        for column, place, starts, ends in rows
    }


def load_resources(search: Search) -> Resources:
    """Everything the search needs: six queries at most, however long and however many."""
    rooms, devices = _rooms_and_devices(search)
    people = search.practitioners
    wanted = {
        "practitioner_id": people,
        "room_id": rooms,
        "device_id": devices or (),
        "patient_id": (search.patient_id,) if search.patient_id else (),
    }
    hours = load_hours(search.clinic, people)
    absent = away(search.clinic, search.within)
    taken = busy(wanted, search)
    opened = resource_hours(search.clinic, rooms, devices or ())

    def calendar(one: UUID, blocks: tuple[HoursBlock, ...] | None) -> ResourceCalendar:
        return ResourceCalendar(one, blocks, absent.by_id.get(one, ()), taken.get(one, ()))

    return Resources(
        practitioners=tuple(calendar(who, hours.blocks(who)) for who in people),
        rooms=tuple(calendar(room, opened.get(room)) for room in rooms),
        devices=(
            None if devices is None else tuple(calendar(one, opened.get(one)) for one in devices)
        ),
        closures=absent.closures,
        patient_busy=taken.get(search.patient_id, ()) if search.patient_id else (),
    )


def _rooms_and_devices(search: Search) -> tuple[tuple[UUID, ...], tuple[UUID, ...] | None]:
    """Rooms of the kind in their order; devices of the kind, or None where none is needed."""
    kind = search.visit_type
    rooms = Room.objects.for_clinic(search.clinic).filter(kind=kind.room_kind, is_active=True)
    found = tuple(rooms.order_by("order", "name").values_list("pk", flat=True))
    if not kind.device_kind:
        return found, None
    devices = Device.objects.for_clinic(search.clinic).filter(kind=kind.device_kind, is_active=True)
    return found, tuple(devices.order_by("name").values_list("pk", flat=True))
