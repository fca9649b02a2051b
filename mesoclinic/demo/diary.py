"""Where visits can still go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from uuid import UUID

from mesoclinic.common.calendar import to_utc
from mesoclinic.demo.scene import Scene
from scheduling.models import TimeOff, VisitType

# The room for talks, in the diary beside the practitioners.
OFFICE = UUID(int=0)


class Diary:
    """What each practitioner and the room for talks hold, closures and leave included."""

    def __init__(self, scene: Scene, kind: VisitType) -> None:
        """`kind` is the visit whose length and buffers every entry gets."""
        self.scene = scene
        self.taken: dict[UUID, list[tuple[dt.datetime, dt.datetime]]] = {}
        rows = TimeOff.objects.for_clinic(scene.clinic).filter(room=None, device=None)
        self.away = [(off.practitioner_id, off.during.lower, off.during.upper) for off in rows]
        self.before = dt.timedelta(minutes=kind.buffer_before_min)
        self.after = dt.timedelta(minutes=kind.duration_min + kind.buffer_after_min)

    def free(self, who: Collection[UUID], days: Iterator[dt.date]) -> Iterator[dt.datetime]:
        """Starts on these days at which all of `who` are there and free."""
        for day in days:
            for start in self._times(day):
                if all(self._is_there(one, start) for one in who):
                    yield start

    def take(self, who: Collection[UUID], start: dt.datetime) -> None:
        """Write a visit down."""
        for one in who:
            self.taken.setdefault(one, []).append((start - self.before, start + self.after))

    def _is_there(self, who: UUID, start: dt.datetime) -> bool:
        begin, end = start - self.before, start + self.after
        return not any(
            whose in {None, who} and begin < until and since < end
            for whose, since, until in self.away
        ) and all(end <= since or until <= begin for since, until in self.taken.get(who, []))

    def _times(self, day: dt.date) -> Iterator[dt.datetime]:
        """Starts within everybody's hours, in a random order."""
        minutes = [*range(10 * 60, 12 * 60 + 1, 15), *range(14 * 60 + 30, 17 * 60 + 1, 15)]
        for minute in self.scene.rng.sample(minutes, len(minutes)):
            local = dt.datetime.combine(day, dt.time(minute // 60, minute % 60))
            yield to_utc(local, self.scene.clinic.zone)
