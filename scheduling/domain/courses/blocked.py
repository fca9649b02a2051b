"""What stands in the way when a course can't be planned, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from mesoclinic.common.calendar import add_days
from scheduling.domain.courses.explain import window_from
from scheduling.domain.courses.model import Blocked, Candidates, CourseRequest
from scheduling.domain.courses.pool import Cell, Clock
from scheduling.domain.courses.search import Step, days_of
from scheduling.domain.obstacles import Obstacle, ObstacleKind
from scheduling.domain.slots import Slot
from scheduling.domain.words import Code, Reason, reason
from treatments.domain.protocol import Window

_LOOK_AHEAD = 60  # days after the window in which the next free day is looked for

_HELPS: tuple[tuple[ObstacleKind, str, Code], ...] = (
    (ObstacleKind.PREFERENCE, "dates", Code.DROP_DATES),
    (ObstacleKind.PREFERENCE, "weekday", Code.DROP_WEEKDAYS),
    (ObstacleKind.PREFERENCE, "time", Code.DROP_TIMES),
    (ObstacleKind.PATIENT_BUSY, "patient", Code.PATIENT_OTHER_VISIT),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """The blocked session: its number, the hull of its windows, and the days inside them."""

    number: int
    window: Window
    days: frozenset[date]


def explain_block(
    request: CourseRequest, clock: Clock, reached: Sequence[Sequence[Cell]], steps: Sequence[Step]
) -> Blocked:
    """The report on the first session that nothing before it can reach.

    ``reached`` holds what each session before can use (an empty last entry is the blocked
    session's own).
    """
    placed = [layer for layer in reached if layer]
    place = _place(request, placed, steps)
    offered = _offered(request, request.candidates, place)
    refused = [(slot, _refusals(clock, slot)) for slot in offered]
    suggestions = [
        *_relaxations(clock, refused),
        *_other_practitioners(request, clock, place, offered),
        *_later_day(request, clock, place),
    ]
    if not suggestions:
        first, last = place.window.earliest, place.window.latest
        suggestions = [reason(Code.ADD_TIME, first=first, last=last)]
    obstacles = _obstacles(request, clock, place, refused)
    return Blocked(place.number, place.window, tuple(obstacles), tuple(suggestions))


def _place(
    request: CourseRequest, placed: Sequence[Sequence[Cell]], steps: Sequence[Step]
) -> _Place:
    number = request.sessions[len(placed)].number
    if placed:
        step = steps[len(placed) - 1]
        windows = [window_from(step, day) for day in days_of(placed[-1])]
    else:
        first = request.first
        latest = max(first.ideal, request.until) if first.is_open else first.latest
        windows = [replace(first, latest=latest)]
    days = {
        add_days(window.earliest, n)
        for window in windows
        for n in range((window.latest - window.earliest).days + 1)
    }
    middle = windows[len(windows) // 2].ideal
    hull = Window(windows[0].earliest, middle, windows[-1].latest)
    return _Place(number, hull, frozenset(days))


def _offered(request: CourseRequest, candidates: Candidates, place: _Place) -> list[Slot]:
    """The free slots on the days of the place, whatever the wishes say of them."""
    first, last = place.window.earliest, place.window.latest
    slots = candidates(place.number, first, last) if callable(candidates) else candidates
    clock = Clock(request)
    return [slot for slot in slots if date.fromordinal(clock.day(slot)) in place.days]


def _refusals(clock: Clock, slot: Slot) -> frozenset[str]:
    """The conditions that refuse a slot: dates, weekday, time, patient, horizon."""
    day = clock.day(slot)
    checks = {
        "dates": clock.left_out(day),
        "weekday": clock.weekday_refused(day),
        "time": clock.time_refused(slot.start),
        "patient": clock.patient_taken(slot),
        "horizon": clock.beyond(day),
    }
    return frozenset(name for name, refuses in checks.items() if refuses)


def _relaxations(clock: Clock, refused: Sequence[tuple[Slot, frozenset[str]]]) -> list[Reason]:
    """Each single condition without which some slot would do, with the first such day."""
    found: list[Reason] = []
    for _, name, code in _HELPS:
        days = [clock.day(slot) for slot, why in refused if why == {name}]
        if days:
            found.append(reason(code, day=date.fromordinal(min(days))))
    return found


def _other_practitioners(
    request: CourseRequest, clock: Clock, place: _Place, offered: Sequence[Slot]
) -> list[Reason]:
    known = {slot.practitioner_id for slot in offered}
    free = [
        slot
        for slot in _offered(request, request.alternatives, place)
        if slot.practitioner_id not in known and not _refusals(clock, slot)
    ]
    if not free:
        return []
    ids = dict.fromkeys(str(slot.practitioner_id) for slot in sorted(free))
    day = date.fromordinal(min(clock.day(slot) for slot in free))
    return [reason(Code.OTHER_PRACTITIONER, *ids, day=day)]


def _later_day(request: CourseRequest, clock: Clock, place: _Place) -> list[Reason]:
    """The next free day after the window, or that the window is beyond what may be booked."""
    latest = place.window.latest
    if latest >= request.until:
        return [reason(Code.BOOK_FURTHER, day=request.until)]
    first, last = add_days(latest, 1), min(request.until, add_days(latest, _LOOK_AHEAD))
    slots = request.candidates
    beyond = slots(place.number, first, last) if callable(slots) else slots
    days = [
        day
        for slot in beyond
        if (day := clock.day(slot)) > latest.toordinal() and not _refusals(clock, slot)
    ]
    if not days:
        return []
    free = date.fromordinal(min(days))
    return [reason(Code.WIDEN_WINDOW, days=(free - latest).days, day=free)]


def _obstacles(
    request: CourseRequest,
    clock: Clock,
    place: _Place,
    refused: Sequence[tuple[Slot, frozenset[str]]],
) -> list[Obstacle]:
    """What took each day: the wishes where there were slots, the source's reasons elsewhere."""
    found: set[Obstacle] = set()
    offered_days: set[date] = set()
    for slot, why in refused:
        day = date.fromordinal(clock.day(slot))
        offered_days.add(day)
        patient_only = why <= {"patient"}
        kind = ObstacleKind.PATIENT_BUSY if patient_only else ObstacleKind.PREFERENCE
        if "horizon" not in why:
            label = next((r.label for r in request.preferences.not_in if r.contains(day)), "")
            found.add(Obstacle(day, day, kind, None, label))
    first, last = place.window.earliest, min(place.window.latest, request.until)
    if first <= last:
        known = request.obstacles
        given = known(first, last) if callable(known) else known
        bare = place.days - offered_days
        found.update(o for o in given if any(o.first <= day <= o.last for day in bare))
    if place.window.latest > request.until:
        start = max(first, add_days(request.until, 1))
        found.add(Obstacle(start, place.window.latest, ObstacleKind.HORIZON))
    return sorted(found, key=lambda item: (item.first, item.last, item.kind, item.label))
