"""Book, move, cancel, leave and the waiting list in any order, against a slow reference.

The reference is a list of visits and the rules in plain words: inside hours, nobody away, nobody
twice (with buffers). After every step the calendar holds exactly what the reference holds.
`SCHEDULING_WALKS=2000x50` sets the size of the slow run.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import DomainError
from mesoclinic.common.intervals import Interval
from patients.models import Patient
from scheduling import services
from scheduling.domain.status import BLOCKING
from scheduling.models import Appointment, TimeOff, WaitlistOffer
from scheduling.services import AwayRequest, Move, Target, WaitlistWish
from tests.factories import scheduling as make
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW, TODAY, patient

pytestmark = pytest.mark.django_db

DAYS = 4
MONDAY = TODAY + dt.timedelta(days=(14 - TODAY.weekday()))
QUARTERS = 36
SPELL = dt.timedelta(minutes=30)
AFTER = dt.timedelta(minutes=10)
HELD = dt.timedelta(hours=2)
Place = tuple[int, int, int]


@dataclass
class Booked:
    """A visit of the reference."""

    who: int
    patient: int
    start: dt.datetime
    room: UUID | None = None


@dataclass
class Reference:
    """What the calendar must hold."""

    opens: dict[int, Interval[dt.datetime]]
    rooms: frozenset[UUID]
    visits: dict[UUID, Booked] = field(default_factory=dict)
    away: set[tuple[int, int]] = field(default_factory=set)
    cancelled: dict[UUID, Booked] = field(default_factory=dict)

    def allows(self, who: int, patient: int, start: dt.datetime, but: UUID | None = None) -> bool:
        """Hours, leave, nobody twice, and a room."""
        day = next((n for n, span in self.opens.items() if span.contains(start)), None)
        if day is None or start + SPELL > self.opens[day].end or (who, day) in self.away:
            return False
        return self.is_free(who, patient, start, but)

    def is_free(self, who: int, patient: int, start: dt.datetime, but: UUID | None = None) -> bool:
        """Nobody is there twice, and some room is empty."""
        others = [one for pk, one in self.visits.items() if pk != but]
        taken = {one.room for one in others if self._meet(one, one.who, -1, start)}
        return bool(self.rooms - taken) and not any(
            self._meet(one, who, patient, start) for one in others
        )

    @staticmethod
    def _meet(one: Booked, who: int, patient: int, start: dt.datetime) -> bool:
        same = one.start < start + SPELL and start < one.start + SPELL
        near = one.start < start + SPELL + AFTER and start < one.start + SPELL + AFTER
        return (one.patient == patient and same) or (one.who == who and near)


class World:
    """Two practitioners with a room each, four patients, and the reference beside them."""

    def __init__(self, clinic: Clinic, members: list[Membership], people: list[Patient]) -> None:
        self.clinic, self.members, self.people = clinic, members, people
        self.desk = make.desk(members[0])
        make.hours(members[1])
        self.kind = make.visit_type(clinic, "walk", buffer_after_min=10)
        opens = {n: Interval(self.at((n, 0, 0)), self.at((n, 0, 32))) for n in range(DAYS)}
        rooms = frozenset({self.desk.room.pk, self.desk.second_room.pk})
        self.reference = Reference(opens, rooms)

    def at(self, place: Place) -> dt.datetime:
        """A quarter of an hour of a day, from nine o'clock."""
        day, _who, quarter = place
        return self.desk.at(MONDAY + day * make.DAY, 9) + quarter * dt.timedelta(minutes=15)

    def step(self, name: str, place: Place, pick: int) -> None:
        """Do one thing in the product and in the reference; both accept it, or both refuse."""
        getattr(self, f"do_{name}")(place, pick)
        self.check()

    def attempt(self, expected: bool, act: Any) -> Any:
        """Do it; whether it was accepted must be what the reference says."""
        done: Any = None
        refused: DomainError | None = None
        try:
            with transaction.atomic():
                done = act()
        except DomainError as error:
            refused = error
        assert (refused is None) is expected, refused or "accepted what the reference refuses"
        return done

    def do_book(self, place: Place, pick: int) -> None:
        who, start, whom = place[1], self.at(place), pick % len(self.people)
        booked = self.attempt(
            self.reference.allows(who, whom, start),
            lambda: self.desk.book(
                self.people[whom], start, visit_type_id=self.kind.pk,
                practitioner_id=self.members[who].staff_id,
            ),
        )  # fmt: skip
        if booked is not None:
            self.reference.visits[booked.pk] = Booked(who, whom, start)

    def do_move(self, place: Place, pick: int) -> None:
        found = self._one(self.reference.visits, pick)
        if found is None:
            return
        pk, one = found
        who, start = place[1], self.at(place)
        allowed = (one.who, one.start) == (who, start) or self.reference.allows(
            who, one.patient, start, but=pk
        )
        target = Target(pk, start, None, self.members[who].staff_id)
        done = self.attempt(
            allowed,
            lambda: services.move_appointment(
                clinic=self.clinic, actor=self.desk.actor, now=NOW, move=Move(visit=target)
            ),
        )
        if done is not None:
            one.who, one.start = who, start

    def do_cancel(self, _place: Place, pick: int) -> None:
        found = self._one(self.reference.visits, pick)
        if found is None:
            return
        pk, one = found
        services.cancel_appointment(
            clinic=self.clinic, actor=self.desk.actor, now=NOW, appointment_id=pk, reason="x"
        )
        del self.reference.visits[pk]
        self.reference.cancelled[pk] = one

    def do_reactivate(self, _place: Place, pick: int) -> None:
        found = self._one(self.reference.cancelled, pick)
        if found is None:
            return
        pk, one = found
        # Bringing back asks whether the time is free, in any room; leave is a matter for the
        # replanner.
        free = self.reference.is_free(one.who, one.patient, one.start)
        change = services.StatusChange(appointment_id=pk, target="booked")
        done = self.attempt(
            free,
            lambda: services.change_status(
                clinic=self.clinic, actor=self.desk.actor, now=NOW, change=change
            ),
        )
        if done is not None:
            del self.reference.cancelled[pk]
            self.reference.visits[pk] = one

    def do_leave(self, place: Place, _pick: int) -> None:
        day, who, _quarter = place
        date = MONDAY + day * make.DAY
        services.add_time_off(
            clinic=self.clinic, actor=self.desk.actor, now=NOW,
            away=AwayRequest(
                first_day=date, last_day=date, label="Leave",
                practitioner_id=self.members[who].staff_id,
            ),
        )  # fmt: skip
        self.reference.away.add((who, day))

    def do_back(self, place: Place, _pick: int) -> None:
        day, who, _quarter = place
        rows = TimeOff.objects.filter(practitioner=self.members[who].staff)
        for row in rows:
            if self.reference.opens[day].overlaps(Interval(row.during.lower, row.during.upper)):
                services.end_time_off(clinic=self.clinic, actor=self.desk.actor, now=NOW, pk=row.pk)
        self.reference.away.discard((who, day))

    def do_wait(self, place: Place, pick: int) -> None:
        """Offer a time to somebody who waits: it is theirs exactly if it could be booked."""
        who, start, whom = place[1], self.at(place), pick % len(self.people)
        entry = services.join_waitlist(
            clinic=self.clinic, actor=self.desk.actor, now=NOW,
            wish=WaitlistWish(
                patient_id=self.people[whom].pk, visit_type_id=self.kind.pk,
                practitioner_id=self.members[who].staff_id,
            ),
        )  # fmt: skip
        offer = self.attempt(
            self.reference.allows(who, whom, start),
            lambda: services.offer_gap(
                clinic=self.clinic, actor=self.desk.actor, now=NOW,
                practitioner_id=self.members[who].staff_id, gap=Interval(start, start + SPELL),
            ),
        )  # fmt: skip
        if offer is not None and pick % 2:
            taken = services.accept_offer(
                clinic=self.clinic, actor=self.desk.actor, now=NOW + HELD / 2, offer_id=offer.pk
            )
            self.reference.visits[taken.pk] = Booked(who, whom, start)
        services.leave_waitlist(
            clinic=self.clinic, actor=self.desk.actor, now=NOW, entry_id=entry.pk
        )

    def check(self) -> None:
        """The calendar holds what the reference holds, and nobody is there twice."""
        rows = Appointment.objects.filter(status__in=sorted(BLOCKING))
        stored = {row.pk: (row.practitioner_id, row.patient_id, row.during.lower) for row in rows}
        assert stored == {
            pk: (self.members[one.who].staff_id, self.people[one.patient].pk, one.start)
            for pk, one in self.reference.visits.items()
        }
        for row in rows:
            self.reference.visits[row.pk].room = row.room_id
        assert not WaitlistOffer.objects.filter(status="open").exists()

    @staticmethod
    def _one(among: dict[UUID, Booked], pick: int) -> tuple[UUID, Booked] | None:
        ordered = sorted(among.items(), key=lambda item: (item[1].start, item[1].who))
        return ordered[pick % len(ordered)] if ordered else None


WALKS, STEPS = (int(part) for part in os.environ.get("SCHEDULING_WALKS", "8x14").split("x"))
# A party of walks is one database transaction; thousands in one would wade through their own waste.
PARTY = 100
steps = st.tuples(
    st.sampled_from(
        ["book", "book", "book", "move", "move", "cancel", "reactivate", "leave", "back", "wait"]
    ),
    st.tuples(st.integers(0, DAYS - 1), st.integers(0, 1), st.integers(-1, QUARTERS)),
    st.integers(0, 7),
)


@pytest.mark.parametrize("party", range(-(-WALKS // PARTY)))
@settings(
    max_examples=min(WALKS, PARTY), deadline=None, derandomize="SCHEDULING_WALKS" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(st.lists(steps, min_size=STEPS, max_size=STEPS))
def test_any_walk_ends_where_the_reference_ends(
    clinic: Clinic, practitioner: Membership, party: int, walk: list[tuple[str, Place, int]]
) -> None:
    with transaction.atomic():
        colleague: Membership = PractitionerFactory(clinic=clinic)
        people = [patient(clinic, email=f"walk{n}@example.org") for n in range(4)]
        world = World(clinic, [practitioner, colleague], people)
        for name, place, pick in walk:
            world.step(name, place, pick)
        transaction.set_rollback(True)
