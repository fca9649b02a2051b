"""A third clinic for the planner's rows: 20 practitioners, and visits that grow to 100,000."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import connection
from psycopg2.extras import DateTimeTZRange

from mesoclinic.common.ids import new_id
from patients.models import Patient
from scheduling.models import Appointment, Room, WorkingHours
from tests.benchmarks import calendar, stories, world
from tests.benchmarks.loading import copy
from tests.benchmarks.world import House
from treatments.models import TreatmentPlan

PRACTITIONERS = 20
PEOPLE = 2_000
AHEAD, BACK = 26, 70
_PLACES = calendar.DAYS * calendar.SLOTS_A_DAY


@dataclass
class Ward:
    """The clinic, its patients, a course to plan, and how many visits it holds."""

    house: House
    people: list[Patient]
    plan: TreatmentPlan
    monday: dt.date
    now: dt.datetime
    visits: int = 0
    turn: list[int] = field(default_factory=lambda: [0] * PRACTITIONERS)

    def fill(self, total: int, weeks: range) -> None:
        """Load visits in these weeks (0 is the first ahead, negative ones are past) up to `total`."""
        rng = random.Random(total)
        each = (total - self.visits) // PRACTITIONERS
        self.visits += copy(Appointment, self._rows(each, weeks, rng))
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")

    def _rows(self, each: int, weeks: range, rng: random.Random) -> Iterator[Appointment]:
        for who in range(PRACTITIONERS):
            taken = set(
                Appointment.objects.filter(practitioner=self.house.practitioner(who)).values_list(
                    "during__startswith", flat=True
                )
            )
            places = [(week, place) for week in weeks for place in range(_PLACES)]
            rng.shuffle(places)
            starts = (self._start(who, week, place) for week, place in places)
            free = [start for start in starts if start not in taken]
            yield from (self._visit(who, start) for start in free[:each])

    def _start(self, who: int, week: int, place: int) -> dt.datetime:
        day, slot = divmod(place, calendar.SLOTS_A_DAY)
        return world.start_of(self.house.clinic, self.monday, (week, who, day, slot))

    def _visit(self, who: int, start: dt.datetime) -> Appointment:
        # At one time every practitioner sees another residue of patients: nobody is there twice.
        self.turn[who] += 1
        number = (who + PRACTITIONERS * self.turn[who]) % PEOPLE
        span = DateTimeTZRange(start, start + dt.timedelta(minutes=calendar.SLOT_MINUTES))
        return Appointment(
            id=new_id(), clinic=self.house.clinic, patient=self.people[number],
            practitioner_id=self.house.practitioner(who), room=self.house.rooms[who],
            visit_type=self.house.visit_type, during=span, occupies=span, created_at=self.now,
            status="booked" if start > self.now else "done",
        )  # fmt: skip

    @property
    def everybody(self) -> tuple[UUID, ...]:
        """The staff ids of all practitioners."""
        return tuple(self.house.practitioner(n) for n in range(PRACTITIONERS))


def build(now: dt.datetime) -> Ward:
    """The clinic without visits; the patient of the course has none of their own."""
    house = world.house("bench-ward", "Clinique des Vingt", now)
    clinic = house.clinic
    rooms = list(house.rooms)
    members = list(house.practitioners)
    for number in range(len(members), PRACTITIONERS):
        room = Room.objects.create(clinic=clinic, name=f"Room {number + 1}", order=number + 1)
        rooms.append(room)
        members.append(world.practitioner(clinic, room, number))
    house = replace(house, practitioners=tuple(members), rooms=tuple(rooms))
    people = world.crowd(clinic, PEOPLE + 1, now, random.Random(3))
    today = clinic.today(now)
    monday = today + dt.timedelta(days=14 - today.weekday())
    plan = stories.course(house, people[-1], now, monday)
    assert WorkingHours.objects.for_clinic(clinic).count() == PRACTITIONERS * calendar.DAYS
    return Ward(house, people, plan, monday, now)
