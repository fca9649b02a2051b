"""The API: the same services as the pages, and the same walls."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from mesoclinic.clinic.models import Membership
from patients.models import Patient
from scheduling.models import Appointment, Device
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW
from treatments.models import TreatmentPlan

Signed = Callable[[Any], Client]
API = "/api/v1/"
WEDNESDAY = dt.date(2026, 1, 14)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Tuesday, 13 January 2026, ten in the morning in Rennes."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def noor(client_for: Signed, receptionist: Membership) -> Client:
    """The desk."""
    return client_for(receptionist)


@pytest.fixture
def ten(desk: make.Desk) -> dt.datetime:
    """Wednesday at ten."""
    return desk.at(WEDNESDAY, 10)


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    """A JSON post."""
    return client.post(API + path, json.dumps(body, default=str), content_type="application/json")


def wanted(desk: make.Desk, who: Patient, start: dt.datetime, **more: Any) -> dict[str, Any]:
    """The body of a booking."""
    return {
        "patient": who.pk, "visit_type": desk.consultation.pk,
        "practitioner": desk.member.staff_id, "start": start.isoformat(), **more,
    }  # fmt: skip


def test_free_slots_then_book_then_read_back(noor: Client, desk: make.Desk, ines: Patient) -> None:
    query = {"visit_type": str(desk.consultation.pk), "from": "2026-01-14", "to": "2026-01-14"}
    slots = noor.get(API + "free-slots/", query).json()
    assert len(slots) == 31
    assert slots[0]["start"] == "2026-01-14T08:00:00Z"
    made = post(
        noor, "appointments/", wanted(desk, ines, dt.datetime(2026, 1, 14, 8, tzinfo=dt.UTC))
    )
    assert made.status_code == 201
    pk = made.json()["id"]
    assert noor.get(f"{API}appointments/{pk}/").json()["patient_name"] == "Inês Carvalho"
    listed = noor.get(API + "appointments/", {"from": "2026-01-14", "to": "2026-01-15"}).json()
    assert [one["id"] for one in listed] == [pk]
    assert len(noor.get(API + "free-slots/", query).json()) == 29


def test_a_taken_time_answers_409_in_words(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    desk.book(ines, ten)
    bruno = treatments.patient(desk.clinic, "Bruno Costa")
    answer = post(noor, "appointments/", wanted(desk, bruno, ten))
    assert answer.status_code == 409
    assert answer.json()["code"] == "slot_taken"
    assert "another visit" in answer.json()["message"]
    assert answer.json()["parties"] == ["practitioner"]
    after = (ten + dt.timedelta(minutes=30)).astimezone(dt.UTC).isoformat()
    assert answer.json()["next_free"][0] == after
    assert (
        post(noor, "appointments/", wanted(desk, bruno, ten) | {"start": after}).status_code == 201
    )


def test_repeating_with_a_key_makes_one_visit(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    first = post(noor, "appointments/", wanted(desk, ines, ten, key="k")).json()
    again = post(noor, "appointments/", wanted(desk, ines, ten, key="k")).json()
    assert first["id"] == again["id"]
    assert Appointment.objects.count() == 1


def test_move_status_and_cancel(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    path = f"appointments/{visit.pk}/"
    later = (ten + 60 * make.MINUTE).isoformat()
    moved = post(noor, f"{path}move/", {"start": later, "version": 1})
    assert moved.json()[0]["schedule_version"] == 2
    confirmed = post(noor, f"{path}status/", {"status": "confirmed"})
    assert confirmed.json()["status"] == "confirmed"
    assert post(noor, f"{path}status/", {"status": "done"}).status_code == 409
    assert post(noor, f"{path}cancel/", {}).status_code == 400
    assert post(noor, f"{path}cancel/", {"reason": "Ill"}).json()["status"] == "cancelled"


def test_a_course_is_proposed_and_booked(
    noor: Client, desk: make.Desk, plan: TreatmentPlan
) -> None:
    path = f"courses/{plan.pk}/"
    found = noor.get(API + path, {"practitioner": str(desk.member.staff_id)}).json()
    assert found["blocked"] == []
    best = found["proposals"][0]
    assert len(best["visits"]) == 3
    booked = post(noor, path, {"visits": best["visits"], "key": "k"})
    assert booked.status_code == 201
    assert len(booked.json()) == 3
    assert noor.get(API + path).status_code == 409


@pytest.mark.parametrize("name", ["rooms", "devices", "visit-types", "working-hours"])
def test_settings_can_be_read(noor: Client, desk: make.Desk, name: str) -> None:
    Device.objects.create(clinic=desk.clinic, name="Injector", kind="injector")
    assert noor.get(f"{API}{name}/").json()["results"]


def test_the_waiting_list_takes_the_same_wishes_as_the_page(
    noor: Client, desk: make.Desk, ines: Patient, other_practitioner: Membership
) -> None:
    wish = {
        "patient": str(ines.pk), "visit_type": str(desk.consultation.pk), "weekdays": [1, 3],
        "starts_from": "17:00", "starts_until": "19:00", "first_day": "2026-01-20",
        "last_day": "2026-02-20",
    }  # fmt: skip
    turned = post(noor, "waiting-list/", wish | {"starts_until": "17:00"})
    assert turned.status_code == 400
    assert set(turned.json()) == {"starts_until"}
    assert post(noor, "waiting-list/", wish | {"last_day": "2026-01-19"}).status_code == 400
    stranger = post(noor, "waiting-list/", wish | {"practitioner": other_practitioner.staff_id})
    assert (stranger.status_code, stranger.json()["code"]) == (400, "not_bookable")
    made = post(noor, "waiting-list/", wish)
    assert made.status_code == 201
    (waits,) = noor.get(API + "waiting-list/").json()
    assert (waits["starts_from"], waits["last_day"], waits["weekdays"]) == (
        "17:00:00", "2026-02-20", [1, 3],
    )  # fmt: skip
    assert noor.delete(f"{API}waiting-list/{waits['id']}/").status_code == 204
    assert noor.get(API + "waiting-list/").json() == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"visit_type": "x", "from": "2026-01-14", "to": "2026-01-14"},
        {"from": "2026-01-14", "to": "2026-01-13"},
        {"from": "2026-01-14", "to": "2029-01-13"},
    ],
)
def test_bad_questions_answer_400(noor: Client, desk: make.Desk, query: dict[str, str]) -> None:
    known = {"visit_type": str(desk.consultation.pk)} if "from" in query else {}
    assert noor.get(API + "free-slots/", {**known, **query}).status_code == 400


def test_the_other_clinic_sees_nothing(
    client_for: Signed, other_practitioner: Membership, desk: make.Desk, ines: Patient,
    plan: TreatmentPlan, ten: dt.datetime,
) -> None:  # fmt: skip
    visit = desk.book(ines, ten)
    ruth = client_for(other_practitioner)
    assert ruth.get(f"{API}appointments/{visit.pk}/").status_code == 404
    assert post(ruth, f"appointments/{visit.pk}/cancel/", {"reason": "x"}).status_code == 404
    assert ruth.get(f"{API}courses/{plan.pk}/").status_code == 404
    answer = ruth.get(API + "appointments/", {"from": "2026-01-14", "to": "2026-01-14"})
    assert answer.json() == []


def test_nobody_and_the_outsider_are_turned_away(
    client_for: Signed, outsider: Any, desk: make.Desk
) -> None:
    assert Client().get(API + "appointments/").status_code in {401, 403}
    assert client_for(outsider).get(API + "appointments/").status_code == 403


def test_free_slots_take_a_fixed_number_of_queries(
    noor: Client, desk: make.Desk, ten: dt.datetime, django_assert_max_num_queries: Any
) -> None:
    for n in range(10):
        make.visit(desk, treatments.patient(desk.clinic, f"P{n}"), ten + n * 30 * make.MINUTE)
    query = {
        "visit_type": str(desk.consultation.pk), "practitioner": str(desk.member.staff_id),
        "from": "2026-01-14", "to": "2026-03-14",
    }  # fmt: skip
    with django_assert_max_num_queries(9):
        assert noor.get(API + "free-slots/", query).status_code == 200
