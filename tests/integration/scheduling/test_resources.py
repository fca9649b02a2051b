"""Hours of rooms, roles that give a visit, notice and horizon, and the type that fits a plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.forms import modelform_factory

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.intervals import Interval
from patients.models import Patient
from scheduling.domain.slots import Slot
from scheduling.exceptions import NotBookable, NothingFree, SlotTaken
from scheduling.models import ResourceHours, Room, TimeOff, WorkingHours
from scheduling.selectors.calendars import Search
from scheduling.selectors.courses import Wishes, course_of, members_for, propose, session_type
from scheduling.selectors.slots import free_slots
from tests.factories import scheduling as make
from tests.factories.treatments import NOW, TODAY
from treatments.models import TreatmentPlan

pytestmark = pytest.mark.django_db

MONDAY = TODAY + dt.timedelta(days=(7 - TODAY.weekday()))


def search(desk: make.Desk, **changes: Any) -> Search:
    """Free times of the practitioner on the Monday."""
    within = Interval(desk.at(MONDAY, 0), desk.at(MONDAY, 23, 59))
    asked = Search(
        clinic=desk.clinic, visit_type=desk.session, practitioners=(desk.member.staff_id,),
        within=within, now=NOW,
    )  # fmt: skip
    return replace(asked, **changes)


def opens(desk: make.Desk, first: int, last: int, **fields: Any) -> None:
    """Both treatment rooms can be used from `first` to `last` o'clock on Mondays."""
    for room in (desk.room, desk.second_room):
        ResourceHours.objects.create(
            clinic=desk.clinic, room=room, weekday=0, starts=dt.time(first), ends=dt.time(last),
            **fields,
        )  # fmt: skip


def local_hours(desk: make.Desk, slots: list[Slot]) -> set[int]:
    """The local hours in which slots begin."""
    return {desk.clinic.local(slot.start).hour for slot in slots}


def test_a_room_is_offered_only_in_its_hours(desk: make.Desk) -> None:
    assert local_hours(desk, free_slots(search(desk))) == set(range(9, 17))
    opens(desk, 10, 12)
    opens(desk, 12, 13)
    assert local_hours(desk, free_slots(search(desk))) == {10, 11, 12}


def test_hours_of_a_room_that_are_over_close_it(desk: make.Desk) -> None:
    opens(desk, 9, 17, valid_until=MONDAY - make.DAY)
    assert free_slots(search(desk)) == []


def test_booking_keeps_to_the_hours_of_rooms(desk: make.Desk, ines: Patient) -> None:
    opens(desk, 10, 12)
    opens(desk, 12, 13)
    # It lies in two blocks that touch.
    kept = desk.book(ines, desk.at(MONDAY, 11, 30), visit_type_id=desk.session.pk)
    assert kept.room in {desk.room, desk.second_room}
    with pytest.raises(NothingFree):
        desk.book(ines, desk.at(MONDAY, 14), visit_type_id=desk.session.pk)
    with pytest.raises(SlotTaken, match="room"):
        desk.book(ines, desk.at(MONDAY, 15), visit_type_id=desk.session.pk, room_id=desk.room.pk)


def test_maintenance_takes_a_room_away(desk: make.Desk, ines: Patient) -> None:
    for room in (desk.room, desk.second_room):
        TimeOff.objects.create(
            clinic=desk.clinic, room=room, label="Painting",
            during=make.range_of(Interval(desk.at(MONDAY, 9), desk.at(MONDAY, 12))),
        )  # fmt: skip
    assert local_hours(desk, free_slots(search(desk))) == set(range(12, 17))
    with pytest.raises(NothingFree):
        desk.book(ines, desk.at(MONDAY, 10), visit_type_id=desk.session.pk)


def test_patients_choose_within_notice_and_horizon(desk: make.Desk) -> None:
    """The desk may book at once; a patient between notice and horizon of the type."""
    desk.session.notice_hours, desk.session.horizon_days = 1, 400
    start = desk.at(MONDAY, 9)
    chosen = search(desk, by_patient=True, now=start)
    assert min(slot.start for slot in free_slots(chosen)) == start + dt.timedelta(hours=1)
    assert min(slot.start for slot in free_slots(search(desk, now=start))) == start
    desk.session.horizon_days = 1
    early = search(desk, by_patient=True, now=start - dt.timedelta(days=3))
    assert free_slots(early) == []


def test_only_roles_that_give_a_visit_can_be_booked(
    desk: make.Desk, ines: Patient, receptionist: Membership
) -> None:
    make.hours(receptionist)
    photos = make.visit_type(
        desk.clinic, "photographs", kind="photographs", given_by=["receptionist"]
    )
    who = {"practitioner_id": receptionist.staff_id}
    assert [one.pk for one in members_for(desk.clinic, photos, TODAY)] == [receptionist.pk]
    booked = desk.book(ines, desk.at(MONDAY, 9), visit_type_id=photos.pk, **who)
    assert booked.practitioner_id == receptionist.staff_id
    with pytest.raises(NotBookable):
        desk.book(ines, desk.at(MONDAY, 10), **who)
    with pytest.raises(NotBookable):
        desk.book(ines, desk.at(MONDAY, 10), visit_type_id=photos.pk)


def test_a_plan_is_booked_in_the_type_that_fits_it(
    clinic: Clinic, desk: make.Desk, plan: TreatmentPlan
) -> None:
    """By technique first, then by the smallest size of area that holds the plan's."""
    technique = plan.techniques.all()[0]
    small = make.visit_type(clinic, "small", kind="session", areas_up_to=1)
    assert session_type(clinic, plan) == (small if plan.areas.count() == 1 else desk.session)
    other = make.visit_type(clinic, "by-technique", kind="session", technique=technique)
    assert session_type(clinic, plan) == other
    large = make.visit_type(
        clinic, "by-technique-small", kind="session", technique=technique, areas_up_to=9
    )
    assert session_type(clinic, plan) == large


def test_a_month_can_be_left_out(desk: make.Desk, plan: TreatmentPlan) -> None:
    """ "Not in March": no session of the course falls into it."""
    course = course_of(desk.clinic, plan)

    def months(**wishes: Any) -> set[int]:
        found = propose(desk.clinic, course, desk.session, Wishes(**wishes), NOW)
        return {visit.day.month for one in found.result.proposals for visit in one.visits}

    left_out = max(months())
    assert left_out not in months(not_months=frozenset({left_out}))


@pytest.mark.parametrize("model", [WorkingHours, ResourceHours])
def test_hours_the_wrong_way_round_are_said_at_the_field(desk: make.Desk, model: Any) -> None:
    form = modelform_factory(model, exclude=[])(
        {
            "clinic": desk.clinic.pk, "practitioner": desk.member.staff_id, "weekday": 6,
            "room": Room.objects.values_list("pk", flat=True)[0], "starts": "12:00", "ends": "09:00",
            "valid_from": "2026-02-02", "valid_until": "2026-02-01",
        }
    )  # fmt: skip
    assert form.errors == {
        "ends": ["This is not after the beginning."],
        "valid_until": ["This is before the first day."],
    }


@pytest.mark.parametrize("model", [WorkingHours, ResourceHours, TimeOff])
def test_who_and_what_is_named_is_of_the_clinic(
    desk: make.Desk, other_clinic: Clinic, model: Any
) -> None:
    form = modelform_factory(model, exclude=[])(
        {
            "clinic": other_clinic.pk, "practitioner": desk.member.staff_id, "weekday": 6,
            "room": Room.objects.for_clinic(desk.clinic)[0].pk, "starts": "09:00", "ends": "12:00",
            "during_0": "2026-02-02 09:00", "during_1": "2026-02-02 12:00", "label": "Leave",
        }
    )  # fmt: skip
    wrong = {"room": ["This belongs to another clinic."]}
    if "practitioner" in form.fields:
        wrong["practitioner"] = ["This person does not work in this clinic."]
    assert form.errors == wrong
