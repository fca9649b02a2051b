"""Why a day has no free slot: hours, closure, time off, full, the patient, room or device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from mesoclinic.common.calendar import add_days, local_date, to_utc
from mesoclinic.common.intervals import Interval, intersect
from scheduling.domain.slots import (
    Absence,
    Pick,
    ResourceCalendar,
    Resources,
    Slot,
    SlotRequest,
    day_load,
    free_slots,
)
from scheduling.domain.words import gettext_noop


class ObstacleKind(StrEnum):
    """What took the free time of a day away."""

    NO_HOURS = "no_hours"
    CLOSED = "closed"
    AWAY = "away"
    NOTICE = "notice"
    FULL = "full"
    PATIENT_BUSY = "patient_busy"
    NO_ROOM = "no_room"
    NO_DEVICE = "no_device"
    PREFERENCE = "preference"
    OTHER_COURSE = "other_course"
    HORIZON = "horizon"


WORDS: dict[ObstacleKind, str] = {
    ObstacleKind.NO_HOURS: gettext_noop("no working hours"),
    ObstacleKind.CLOSED: gettext_noop("the clinic is closed"),
    ObstacleKind.AWAY: gettext_noop("the practitioner is away"),
    ObstacleKind.NOTICE: gettext_noop("too soon to book"),
    ObstacleKind.FULL: gettext_noop("the practitioner is fully booked"),
    ObstacleKind.PATIENT_BUSY: gettext_noop("the patient has another visit"),
    ObstacleKind.NO_ROOM: gettext_noop("no room is free"),
    ObstacleKind.NO_DEVICE: gettext_noop("no device is free"),
    ObstacleKind.PREFERENCE: gettext_noop("left out by the patient's wishes"),
    ObstacleKind.OTHER_COURSE: gettext_noop("too near to a session of another course"),
    ObstacleKind.HORIZON: gettext_noop("too far ahead to book"),
}


@dataclass(frozen=True, slots=True, order=True)
class Obstacle:
    """Local days (both included) on which something leaves no free slot.

    ``practitioner_id`` is whose time it concerns, ``None`` for everybody's. ``label`` is what
    staff called the time off or closure, or what the patient left out.
    """

    first: date
    last: date
    kind: ObstacleKind
    practitioner_id: UUID | None = None
    label: str = ""


def obstacles(
    request: SlotRequest, resources: Resources, first: date, last: date
) -> list[Obstacle]:
    """Why each practitioner has no slot on days from first to last (both included), in order.

    Days with a slot are left out. Each other day is named by the first thing that took its
    last free time, in the order of `ObstacleKind`: hours, closures, time off, notice, bookings,
    the patient, rooms, devices. Time off and closures keep their own first and last day and
    label, also outside the days asked for; other equal days in a row are put together.
    ``request.within`` is the limit of what may be booked: days outside it are `HORIZON`.
    """
    found: set[Obstacle] = set()
    for practitioner in resources.practitioners:
        stages = _stages(request, replace(resources, practitioners=(practitioner,)), first, last)
        kinds: list[tuple[date, ObstacleKind]] = []
        for day in _days(first, last):
            kind = next((kind for kind, days in stages if day not in days), None)
            if kind is not None:
                kinds.append((day, kind))
        found.update(_named(kinds, resources, practitioner, request))
        found.update(_runs(kinds, practitioner.id))
    return sorted(found, key=lambda item: (item.first, item.last, item.kind, item.label))


def _stages(
    request: SlotRequest, resources: Resources, first: date, last: date
) -> list[tuple[ObstacleKind, set[date]]]:
    """The days that still have a slot as one limit after the other is put in force."""
    (person,) = resources.practitioners
    asked = _span(first, last, request)
    free = replace(request, within=asked, now=None)
    bare = replace(person, absences=(), busy=())
    present = replace(person, busy=())
    alone = Resources(practitioners=(bare,))
    open_ = Resources(practitioners=(bare,), closures=resources.closures)
    here = replace(open_, practitioners=(present,))
    vacant = replace(open_, practitioners=(person,))
    patient = replace(vacant, patient_busy=resources.patient_busy)
    roomed = replace(patient, rooms=resources.rooms)
    noticed = replace(free, now=request.now, horizon=None)
    bounded = _clip(replace(noticed, horizon=request.horizon), request.within)
    limits: list[tuple[ObstacleKind, SlotRequest | None, Resources]] = [
        (ObstacleKind.NO_HOURS, free, alone),
        (ObstacleKind.CLOSED, free, open_),
        (ObstacleKind.AWAY, free, here),
        (ObstacleKind.NOTICE, noticed, here),
        (ObstacleKind.HORIZON, bounded, here),
        (ObstacleKind.FULL, bounded, vacant),
        (ObstacleKind.PATIENT_BUSY, bounded, patient),
        (ObstacleKind.NO_ROOM, bounded, roomed),
        (ObstacleKind.NO_DEVICE, bounded, replace(roomed, devices=resources.devices)),
    ]
    return [(kind, _slot_days(limited, given)) for kind, limited, given in limits]


def _slot_days(request: SlotRequest | None, resources: Resources) -> set[date]:
    if request is None:
        return set()
    return {
        local_date(slot.start, request.zone)
        for slot in free_slots(request, resources, Pick.EACH_START)
    }


def _named(
    kinds: Sequence[tuple[date, ObstacleKind]],
    resources: Resources,
    practitioner: ResourceCalendar,
    request: SlotRequest,
) -> list[Obstacle]:
    """The closures and the time off that took a day, with their own days and label."""
    named: list[Obstacle] = []
    for day, kind in kinds:
        if kind is ObstacleKind.CLOSED:
            absences, whose = resources.closures, None
        elif kind is ObstacleKind.AWAY:
            absences, whose = practitioner.absences, practitioner.id
        else:
            continue
        for absence in absences:
            first, last = _absence_days(absence, request)
            if first <= day <= last:
                named.append(Obstacle(first, last, kind, whose, absence.label))
    return named


def _runs(kinds: Sequence[tuple[date, ObstacleKind]], practitioner_id: UUID) -> list[Obstacle]:
    runs: list[Obstacle] = []
    for day, kind in kinds:
        if kind in (ObstacleKind.CLOSED, ObstacleKind.AWAY):
            continue
        if runs and runs[-1].kind is kind and add_days(runs[-1].last, 1) == day:
            runs[-1] = replace(runs[-1], last=day)
        else:
            runs.append(Obstacle(day, day, kind, practitioner_id))
    return runs


def _absence_days(absence: Absence, request: SlotRequest) -> tuple[date, date]:
    last_instant = absence.during.end - timedelta(microseconds=1)
    return local_date(absence.during.start, request.zone), local_date(last_instant, request.zone)


def _days(first: date, last: date) -> list[date]:
    return [add_days(first, n) for n in range((last - first).days + 1)]


def _span(first: date, last: date, request: SlotRequest) -> Interval[datetime]:
    midnight = time.min
    start = to_utc(datetime.combine(first, midnight), request.zone)
    return Interval(start, to_utc(datetime.combine(add_days(last, 1), midnight), request.zone))


def _clip(request: SlotRequest, bounds: Interval[datetime]) -> SlotRequest | None:
    if not request.within.overlaps(bounds):
        return None
    (shared,) = intersect([request.within], [bounds])
    return replace(request, within=shared)


class SlotSource:
    """Free slots and obstacles of one search, computed when asked and kept.

    Hand it to a `CourseRequest` as ``candidates`` and its `obstacles` method as ``obstacles``.
    ``durations`` gives sessions, by number, another length than the request's.
    """

    __slots__ = ("_by_duration", "_durations", "_request", "_resources")

    def __init__(
        self,
        request: SlotRequest,
        resources: Resources,
        durations: Mapping[int, timedelta] | None = None,
    ) -> None:
        self._request = request
        self._resources = resources
        self._durations = durations or {}
        self._by_duration: dict[timedelta, list[Slot]] = {}

    def __call__(self, number: int, first: date, last: date) -> Sequence[Slot]:
        """The slots for a session on local days from first to last, and all others there are.

        Sessions of one length get the very same list, so that the planner prepares it once.
        """
        duration = self._durations.get(number, self._request.duration)
        slots = self._by_duration.get(duration)
        if slots is None:
            request = replace(self._request, duration=duration)
            slots = free_slots(request, self._resources, Pick.EACH_COMBINATION)
            self._by_duration[duration] = slots
        return slots

    def obstacles(self, first: date, last: date) -> list[Obstacle]:
        """Why days from first to last (both included) have no slot."""
        return obstacles(self._request, self._resources, first, last)

    def load(self) -> dict[tuple[date, UUID], int]:
        """How full the practitioners' days are (see `day_load`)."""
        return day_load(self._request, self._resources)
