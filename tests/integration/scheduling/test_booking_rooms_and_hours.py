"""Which room a visit gets, and the times, people and licences that are refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mesoclinic.clinic.models import Membership
from mesoclinic.common.errors import DomainError
from patients.exceptions import PatientClosed, PatientNotFound
from patients.models import Patient
from scheduling import exceptions
from scheduling.models import Room, WorkingHours
from scheduling.services import Exceptions
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.integration.scheduling.pages import WEDNESDAY

SATURDAY = dt.date(2026, 1, 17)


def test_rooms_are_shared_out_and_the_third_finds_none(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    rooms = {desk.book(ines, ten).room_id}
    for name in ("Second", "Third"):
        member = PractitionerFactory(clinic=desk.clinic)
        make.hours(member)
        who = treatments.patient(desk.clinic, name)
        if name == "Third":
            with pytest.raises(exceptions.NothingFree):
                desk.book(who, ten, practitioner_id=member.staff_id)
        else:
            rooms.add(desk.book(who, ten, practitioner_id=member.staff_id).room_id)
    assert rooms == {desk.room.pk, desk.second_room.pk}


def test_where_every_room_is_taken_the_practitioner_is_named_first(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    """Another time of this practitioner helps; another room would not."""
    Room.objects.exclude(pk=desk.room.pk).update(is_active=False)
    desk.book(ines, ten)
    with pytest.raises(exceptions.SlotTaken) as caught:
        desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten)
    assert caught.value.parties == ("practitioner",)
    assert caught.value.next_free


def test_a_second_click_on_the_last_room_meets_its_own_visit(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    Room.objects.exclude(pk=desk.room.pk).update(is_active=False)
    first = desk.book(ines, ten, key="one-click")
    assert desk.book(ines, ten, key="one-click") == first


def test_the_usual_room_is_taken_first_and_a_wished_one_before_it(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    WorkingHours.objects.update(room=desk.second_room)
    assert desk.book(ines, ten).room_id == desk.second_room.pk
    asked = desk.book(ines, ten + 60 * make.MINUTE, room_id=desk.room.pk)
    assert asked.room_id == desk.room.pk


def test_a_room_asked_for_by_name_is_not_replaced(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    make.visit(
        desk, treatments.patient(desk.clinic), ten,
        practitioner=PractitionerFactory(clinic=desk.clinic).staff,
    )  # fmt: skip
    with pytest.raises(exceptions.SlotTaken) as caught:
        desk.book(ines, ten, room_id=desk.room.pk)
    assert caught.value.parties == ("room",)


def test_a_room_under_maintenance_is_not_given(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    make.time_off(desk, ten, ten + make.DAY, room=desk.room, label="Painting")
    assert desk.book(ines, ten).room_id == desk.second_room.pk


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [(WEDNESDAY, 8, "outside"), (WEDNESDAY, 17, "outside"), (SATURDAY, 10, "outside")],
)
def test_outside_hours_is_refused_and_may_be_set_aside_with_a_reason(
    desk: make.Desk, ines: Patient, day: dt.date, hour: int, words: str
) -> None:
    start = desk.at(day, hour)
    with pytest.raises(exceptions.OutsideHours, match=words):
        desk.book(ines, start)
    with pytest.raises(exceptions.ReasonMissing):
        desk.book(ines, start, exceptions=Exceptions(hours=True))
    allowed = Exceptions(hours=True, reason="She comes from far away")
    booked = desk.book(ines, start, exceptions=allowed)
    assert booked.status_changes.get().reason == "She comes from far away"


def test_leave_and_closure_are_told_apart(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    away = make.time_off(desk, ten, ten + make.DAY, label="Congress")
    with pytest.raises(exceptions.OutsideHours, match=r"away.*Congress"):
        desk.book(ines, ten)
    away.delete()
    make.time_off(desk, ten, ten + make.DAY, practitioner=None, label="Stocktaking")
    with pytest.raises(exceptions.OutsideHours, match=r"closed.*Stocktaking"):
        desk.book(ines, ten)


def test_a_licence_that_ends_before_the_day_bars_injections_only(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    desk.member.licence_expires_on = WEDNESDAY - make.DAY
    desk.member.save()
    with pytest.raises(exceptions.LicenceExpired):
        desk.book(ines, ten, visit_type_id=desk.session.pk)
    assert desk.book(ines, ten).pk


def test_the_past_is_refused_but_not_the_patient_at_the_desk(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    with pytest.raises(exceptions.InThePast):
        desk.book(ines, ten, now=ten + 31 * make.MINUTE)
    assert desk.book(ines, ten, now=ten + 5 * make.MINUTE).pk


def test_strangers_are_not_booked(
    desk: make.Desk, ines: Patient, ten: dt.datetime, other_practitioner: Membership
) -> None:
    elsewhere = treatments.patient(other_practitioner.clinic)
    theirs = make.visit_type(other_practitioner.clinic, "consultation")
    wrong: list[tuple[type[DomainError], dict[str, Any]]] = [
        (PatientNotFound, {"patient_id": elsewhere.pk}),
        (exceptions.NotBookable, {"visit_type_id": theirs.pk}),
        (exceptions.NotBookable, {"practitioner_id": other_practitioner.staff_id}),
    ]
    for refusal, change in wrong:
        with pytest.raises(refusal):
            desk.book(ines, ten, **change)


def test_nothing_is_planned_for_the_dead(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    ines.deceased_on = dt.date(2026, 1, 2)
    ines.save()
    with pytest.raises(PatientClosed):
        desk.book(ines, ten)
