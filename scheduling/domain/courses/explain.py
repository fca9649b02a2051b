"""Why a session lies where it lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from scheduling.domain.courses.model import CourseRequest, PlannedVisit
from scheduling.domain.courses.pool import Cell, Clock, SessionPool, cell_of
from scheduling.domain.courses.search import Step
from scheduling.domain.slots import Slot
from scheduling.domain.words import Code, Reason, reason
from treatments.domain.protocol import Window

_FULL_DAY = 80  # percent of working time from which a day is called full


@dataclass(frozen=True, slots=True)
class Explainer:
    """Tells the reasons for visits of one request."""

    request: CourseRequest
    clock: Clock

    def visits(
        self, chain: Sequence[Slot], pools: Sequence[SessionPool], steps: Sequence[Step]
    ) -> tuple[PlannedVisit, ...]:
        """The visits of a chosen chain, each with its window and reasons."""
        planned: list[PlannedVisit] = []
        before = self.request.previous.slot if self.request.previous else None
        for index, (slot, pool) in enumerate(zip(chain, pools, strict=True)):
            day = self.clock.day(slot)
            window = self.request.first
            if index:
                window = window_from(steps[index - 1], self.clock.day(chain[index - 1]))
            reasons = self.reasons(slot, window, before, pool)
            planned.append(PlannedVisit(pool.number, slot, date.fromordinal(day), window, reasons))
            before = slot
        return tuple(planned)

    def reasons(
        self, slot: Slot, window: Window, before: Slot | None, pool: SessionPool
    ) -> tuple[Reason, ...]:
        """What a visit meets and misses, the distance from its ideal day first."""
        cell = cell_of(self.request, self.clock, slot)
        found = [
            *self._distance(cell, window, pool),
            *self._wishes(cell),
            *_company(slot, before),
        ]
        return tuple(found)

    def _distance(self, cell: Cell, window: Window, pool: SessionPool) -> Iterable[Reason]:
        off = window.distance(date.fromordinal(cell.day))
        first = self.request.sessions[0]
        if off == 0:
            yield reason(Code.IDEAL_DAY)
        elif first.gap is None and pool.number == first.number:
            yield reason(Code.FIRST_SESSION, days=off)
        else:
            yield reason(Code.EARLIER if off < 0 else Code.LATER, days=abs(off))
        if off and not pool.has_day(window.ideal.toordinal()):
            yield reason(Code.IDEAL_TAKEN, day=window.ideal)

    def _wishes(self, cell: Cell) -> Iterable[Reason]:
        wishes = self.request.preferences
        if cell.weekday_off:
            yield reason(Code.WEEKDAY_MISSED)
        if cell.minutes_off:
            yield reason(Code.TIME_MISSED, minutes=cell.minutes_off)
        if (wishes.weekdays or wishes.times) and not (cell.weekday_off or cell.minutes_off):
            yield reason(Code.PREFERENCES_MET)
        if cell.practitioner_off:
            yield reason(Code.PRACTITIONER_MISSED)
        if cell.room_off:
            yield reason(Code.ROOM_MISSED)
        if cell.high_uv:
            yield reason(Code.HIGH_UV)
        if cell.load >= _FULL_DAY:
            yield reason(Code.BUSY_DAY, percent=cell.load)


def window_from(step: Step, day: int) -> Window:
    """The window that a step opens after a day."""
    return Window(*(date.fromordinal(at) for at in step(day)))


def _company(slot: Slot, before: Slot | None) -> Iterable[Reason]:
    """Whom and where the patient meets, against the session before."""
    if before is None:
        return
    if slot.practitioner_id == before.practitioner_id:
        yield reason(Code.PRACTITIONER_KEPT)
    else:
        yield reason(Code.PRACTITIONER_CHANGED)
    if slot.room_id != before.room_id:
        yield reason(Code.ROOM_CHANGED)
