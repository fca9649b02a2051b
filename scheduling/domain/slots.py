"""Free time: hours minus absences minus what is booked, over practitioner, room and device.

Everything outside is an aware instant or a local calendar day; inside, instants are whole
seconds since 1970 in sorted, disjoint half-open pairs, so that a search is a few merges and
bisections and never a test per slot.

What bounds what:

* Working hours, absences and closures bound ``during``, the time that the patient sees. A
  buffer may reach over the edge of the day or into a break: preparing before the doors open
  and cleaning after they close needs no opening hours.
* Buffers bound ``occupies``: it may touch but not overlap the ``occupies`` of another visit of
  the same practitioner, room or device.
* The patient's own other visits bound ``during`` only: patients need no buffers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from mesoclinic.common.intervals import Interval, intersect_pairs, subtract_pairs
from scheduling.domain.timetable import (
    Absence,
    HoursBlock,
    Pairs,
    ResourceCalendar,
    Resources,
    SlotRequest,
    free_pairs,
    instant,
    open_pairs,
    opening,
    room_opening,
    seconds_by_day,
    shared_blocks,
    spans,
    starts_in,
)

__all__ = [
    "Absence",
    "HoursBlock",
    "Pick",
    "ResourceCalendar",
    "Resources",
    "Slot",
    "SlotRequest",
    "day_load",
    "free_intervals",
    "free_slots",
    "open_intervals",
]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time that can be booked: ``during`` is ``[start, end)`` in UTC."""

    start: datetime
    end: datetime
    practitioner_id: UUID
    room_id: UUID | None = None
    device_id: UUID | None = None


class Pick(StrEnum):
    """How many slots to offer for the same start."""

    EACH_START = "start"  # one: the first free practitioner with the first free room and device
    EACH_PRACTITIONER = "practitioner"  # one per free practitioner
    EACH_COMBINATION = "combination"  # every free practitioner, room and device


def free_slots(
    request: SlotRequest, resources: Resources, pick: Pick = Pick.EACH_PRACTITIONER
) -> list[Slot]:
    """The free slots, sorted by start, then by the order of practitioners, rooms and devices."""
    shared = shared_blocks(resources)
    rooms = _free_of_all(request, resources.rooms)
    devices = _free_of_all(request, resources.devices)
    rows: list[tuple[int, int, int, int]] = []
    for index, practitioner in enumerate(resources.practitioners):
        hours = opening(request, practitioner)
        pairs = subtract_pairs(free_pairs(request, practitioner, hours), shared)
        starts = starts_in(request, hours.grid, pairs)
        if pick is Pick.EACH_COMBINATION:
            rows += _every_combination(request, starts, index, rooms, devices)
        else:
            rows += _first_combination(request, starts, index, rooms, devices)
    rows.sort()
    if pick is Pick.EACH_START:
        rows = _first_of_each_start(rows)
    return _slots(request, resources, rows)


def free_intervals(
    request: SlotRequest, calendar: ResourceCalendar, resources: Resources | None = None
) -> list[Interval[datetime]]:
    """Where the ``during`` of a visit can lie for one practitioner, room or device.

    Buffers, notice and ``within`` are taken off already; closures and the patient's other
    visits too when ``resources`` are given. Stretches shorter than the duration are kept.
    """
    pairs = free_pairs(request, calendar, opening(request, calendar))
    if resources is not None:
        pairs = subtract_pairs(pairs, shared_blocks(resources))
    return [Interval(instant(start), instant(end)) for start, end in pairs]


def open_intervals(request: SlotRequest, calendar: ResourceCalendar) -> list[Interval[datetime]]:
    """Working time inside ``within``: hours minus absences, whatever is booked."""
    pairs = open_pairs(request, calendar, opening(request, calendar))
    return [Interval(instant(start), instant(end)) for start, end in pairs]


def day_load(request: SlotRequest, resources: Resources) -> dict[tuple[date, UUID], int]:
    """How full each practitioner's days are: percent of working time taken, 0 to 100.

    Keyed by local day and practitioner; days without working time are left out.
    """
    loads: dict[tuple[date, UUID], int] = {}
    for practitioner in resources.practitioners:
        pairs = open_pairs(request, practitioner, opening(request, practitioner))
        pairs = subtract_pairs(pairs, spans(absence.during for absence in resources.closures))
        working = seconds_by_day(pairs, request.zone)
        taken = seconds_by_day(intersect_pairs(pairs, spans(practitioner.busy)), request.zone)
        for day, seconds in working.items():
            loads[day, practitioner.id] = taken.get(day, 0) * 100 // seconds
    return loads


# --- Combinations --------------------------------------------------------------------------

_Free = list[tuple[int, Pairs | None]]


def _free_of_all(request: SlotRequest, needed: tuple[ResourceCalendar, ...] | None) -> _Free:
    """Index and free time of each room (or device); one that takes nothing when none is needed."""
    if needed is None:
        return [(-1, None)]
    return [
        (index, free_pairs(request, calendar, room_opening(request, calendar)))
        for index, calendar in enumerate(needed)
    ]


def _fitting(request: SlotRequest, starts: list[int], pairs: Pairs | None) -> list[int]:
    return starts if pairs is None else starts_in(request, starts, pairs)


def _first_combination(
    request: SlotRequest, starts: list[int], who: int, rooms: _Free, devices: _Free
) -> list[tuple[int, int, int, int]]:
    """Each start with its first free room and first free device.

    Whether a room is free does not depend on the device, so the two are chosen apart.
    """
    room_of = _first_free(request, starts, rooms)
    device_of = _first_free(request, list(room_of), devices)
    return [(start, who, room_of[start], device) for start, device in device_of.items()]


def _first_free(request: SlotRequest, starts: list[int], free: _Free) -> dict[int, int]:
    chosen: dict[int, int] = {}
    for index, pairs in free:
        fitting = _fitting(request, starts, pairs)
        if not chosen:
            chosen = dict.fromkeys(fitting, index)
        else:
            for start in fitting:
                chosen.setdefault(start, index)
        if len(chosen) == len(starts):
            break
    return dict(sorted(chosen.items()))


def _every_combination(
    request: SlotRequest, starts: list[int], who: int, rooms: _Free, devices: _Free
) -> list[tuple[int, int, int, int]]:
    rows: list[tuple[int, int, int, int]] = []
    for room, room_pairs in rooms:
        in_room = _fitting(request, starts, room_pairs)
        for device, device_pairs in devices:
            fitting = _fitting(request, in_room, device_pairs)
            rows.extend((start, who, room, device) for start in fitting)
    return rows


def _first_of_each_start(
    rows: list[tuple[int, int, int, int]],
) -> list[tuple[int, int, int, int]]:
    first: dict[int, tuple[int, int, int, int]] = {}
    for row in rows:
        first.setdefault(row[0], row)
    return list(first.values())


def _slots(
    request: SlotRequest, resources: Resources, rows: list[tuple[int, int, int, int]]
) -> list[Slot]:
    people = [practitioner.id for practitioner in resources.practitioners]
    # Index -1 (none needed) picks the None at the end.
    rooms = [*(room.id for room in resources.rooms or ()), None]
    devices = [*(device.id for device in resources.devices or ()), None]
    duration = request.duration
    at = {start: instant(start) for start in {row[0] for row in rows}}
    return [
        Slot(at[start], at[start] + duration, people[who], rooms[room], devices[device])
        for start, who, room, device in rows
    ]
