"""The data set: one clinic with 100,000 patients and half a year of visits, one that works today."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from psycopg2.extras import DateTimeTZRange

from aftercare.services import seeding as aftercare
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.clinic.services import NewStaff, add_staff
from mesoclinic.common.calendar import to_utc
from mesoclinic.common.ids import new_id
from patients import services as patients
from patients.models import Patient
from scheduling import services as scheduling
from scheduling.models import Appointment, Room, VisitType, WorkingHours
from tests.benchmarks import calendar, stories
from tests.benchmarks.loading import copy
from tests.benchmarks.people import names
from treatments import services as treatments

_SEED = 20
_NAMES = ("Ayla Kara", "Rui Lin", "Efe Öz", "Zoé Faure", "Ömer Şahin")
ZONE = "Europe/Paris"


@dataclass(frozen=True)
class House:
    """A clinic, its practitioners in order, and who sits at the desk."""

    clinic: Clinic
    practitioners: tuple[Membership, ...]
    desk: Membership
    visit_type: VisitType
    rooms: tuple[Room, ...]

    def practitioner(self, number: int) -> UUID:
        """The staff id of practitioner `number`."""
        return self.practitioners[number].staff_id


@dataclass(frozen=True)
class World:
    """What the rows measure: the big clinic, the one of today, and the layout of the calendar."""

    big: House
    small: House
    patients: tuple[UUID, ...]
    people: tuple[str, ...]
    first_monday: dt.date
    taken: frozenset[calendar.Slot]
    course_plan: UUID
    course_patient: UUID
    built_at: dt.datetime
    rng: random.Random = field(default_factory=lambda: random.Random(_SEED))

    @property
    def newcomers(self) -> tuple[UUID, ...]:
        """Patients without a visit in the layout."""
        return self.patients[with_visits(len(self.patients)) :]

    def start_of(self, slot: calendar.Slot) -> dt.datetime:
        """When a slot begins, in UTC."""
        return start_of(self.big.clinic, self.first_monday, slot)

    def monday(self, week: int) -> dt.date:
        """The first day of a week of the layout."""
        return self.first_monday + dt.timedelta(weeks=week)

    def free(self, practitioner: int, weeks: range) -> list[calendar.Slot]:
        """The slots that nobody has booked, in order of time."""
        return [
            (week, practitioner, day, place)
            for week in weeks
            for day in range(calendar.DAYS)
            for place in range(calendar.SLOTS_A_DAY)
            if (week, practitioner, day, place) not in self.taken
        ]


def build(count: int, now: dt.datetime) -> World:
    """Fill the (empty, migrated) database: `count` patients, 7,200 visits, catalogues, one course."""
    rng = random.Random(_SEED)
    big = house("bench", "Clinique du Grand Large", now)
    small = house("bench-today", "Clinique du Jour", now)
    people = crowd(big.clinic, count, now, rng)
    today = big.clinic.today(now)
    monday = today + dt.timedelta(days=14 - today.weekday())
    taken = tuple(calendar.taken(rng))
    regulars = [one.pk for one in people[: with_visits(count)]]
    visits = copy(Appointment, _visits(big, monday, taken, regulars, now))
    assert visits == calendar.VISITS
    course = stories.course(big, people[0], now, monday)
    stories.busy_day(small, now)
    with connection.cursor() as cursor:
        # What autovacuum would have done by the next morning; it must not do it while we measure.
        cursor.execute("VACUUM (ANALYZE)")
    return World(
        big=big,
        small=small,
        patients=tuple(p.pk for p in people),
        people=tuple(p.name for p in people),
        first_monday=monday,
        taken=frozenset(taken),
        course_plan=course.pk,
        course_patient=course.patient_id,
        built_at=now,
    )


def with_visits(patients: int) -> int:
    """So many of the patients share the visits of the layout; the others have none."""
    return patients * 3 // 5


def start_of(clinic: Clinic, first_monday: dt.date, slot: calendar.Slot) -> dt.datetime:
    """When a slot of the layout begins, in UTC."""
    week, _practitioner, day, place = slot
    minutes = calendar.FIRST_HOUR * 60 + place * calendar.SLOT_MINUTES
    date = first_monday + dt.timedelta(weeks=week, days=day)
    return to_utc(dt.datetime.combine(date, dt.time(*divmod(minutes, 60))), clinic.zone)


def house(slug: str, name: str, now: dt.datetime) -> House:
    """A clinic with its people, rooms, hours and catalogues, and no patients."""
    clinic = Clinic.objects.create(
        slug=slug, name=name, time_zone=ZONE, country="FR", language="fr", base_url="http://bench",
        address="12 quai des Lices\n35000 Rennes", phone="+33 2 99 00 00 12",
        sender_email=f"bonjour@{slug}.example",
        # Messages leave whatever time of day is measured.
        sending_from=dt.time(0), sending_until=dt.time(23, 59),
    )  # fmt: skip
    patients.seed_clinic(clinic, actor=Actor.system(clinic.pk, "benchmark"), now=now)
    treatments.seed_clinic(clinic)
    scheduling.seed_clinic(clinic)
    aftercare.seed_clinic(clinic)
    rooms = tuple(
        Room.objects.create(clinic=clinic, name=f"Room {number}", order=number)
        for number in range(1, calendar.PRACTITIONERS + 1)
    )
    members = tuple(
        practitioner(clinic, rooms[number], number) for number in range(calendar.PRACTITIONERS)
    )
    desk = add_staff(
        actor=Actor.system(clinic.pk),
        clinic=clinic,
        person=NewStaff(f"desk@{slug}.example", "Noor Haddad", "receptionist"),
    )
    kind = VisitType.objects.create(
        clinic=clinic, key="visit-30", name="Visit", kind=VisitType.Kind.REVIEW,
        duration_min=calendar.SLOT_MINUTES, grid_min=calendar.SLOT_MINUTES,
    )  # fmt: skip
    return House(clinic, members, desk, kind, rooms)


def practitioner(clinic: Clinic, room: Room, number: int) -> Membership:
    """One practitioner, Monday to Friday from nine to five, in a room of their own."""
    name = _NAMES[number] if number < len(_NAMES) else f"Practitioner {number + 1}"
    person = NewStaff(
        f"p{number}@{clinic.slug}.example", name, "practitioner", "Dr", f"FR-35-1029{number}"
    )
    member = add_staff(actor=Actor.system(clinic.pk), clinic=clinic, person=person)
    WorkingHours.objects.bulk_create(
        WorkingHours(
            clinic=clinic, practitioner=member.staff, weekday=weekday, starts=dt.time(9),
            ends=dt.time(17), room=room,
        )
        for weekday in range(calendar.DAYS)
    )  # fmt: skip
    return member


def crowd(clinic: Clinic, count: int, now: dt.datetime, rng: random.Random) -> list[Patient]:
    """So many patients of all countries."""
    rows = [
        Patient(
            clinic=clinic,
            record_number=f"P-{number:06d}",
            name=whole,
            family_name=family,
            birth_date=now.date() - dt.timedelta(days=rng.randrange(19 * 366, 76 * 365)),
            sex=rng.choice(("female", "female", "male")),
            email=f"patient{number}@patients.example",
            phone=f"+3361{number:07d}",
            country=country,
            created_at=now,
        )
        for number, (_given, family, whole, country) in enumerate(names(count, rng), start=1)
    ]
    copy(Patient, rows)
    Clinic.objects.filter(pk=clinic.pk).update(record_counter=count)
    return rows


def _visits(
    house: House,
    monday: dt.date,
    slots: tuple[calendar.Slot, ...],
    people: list[UUID],
    now: dt.datetime,
) -> Iterator[Appointment]:
    """Visits in turn for `people`, so that nobody has two at a time."""
    for number, slot in enumerate(slots):
        start = start_of(house.clinic, monday, slot)
        span = DateTimeTZRange(start, start + dt.timedelta(minutes=calendar.SLOT_MINUTES))
        who = slot[1]
        yield Appointment(
            id=new_id(),
            clinic=house.clinic,
            patient_id=people[number % len(people)],
            practitioner_id=house.practitioner(who),
            room=house.rooms[who],
            visit_type=house.visit_type,
            during=span,
            occupies=span,
            created_at=now,
        )
