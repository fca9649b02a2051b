"""The inbox: tasks by role, claimed, finished, and kept."""

from __future__ import annotations

import datetime as dt

import pytest

from aftercare.models import StaffTask
from mesoclinic.clinic.models import Membership
from patients.models import Patient
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.integration.aftercare.pages import queries, text
from tests.personas import client_for

pytestmark = pytest.mark.usefixtures("tuesday_at_ten")

NOW = treatments.NOW  # a Tuesday, ten in Rennes
HOUR = dt.timedelta(hours=1)


def test_tasks_are_seen_by_role(
    tasks: dict[str, StaffTask], receptionist: Membership, practitioner: Membership,
    manager: Membership,
) -> None:  # fmt: skip
    for who, sees in ((receptionist, 1), (manager, 1), (practitioner, 2)):
        client = client_for(who)
        page = text(client, "/inbox/")
        assert "front_desk case" in page
        assert ("clinical case" in page) is (sees == 2)
        assert text(client, "/inbox/count/").strip().startswith(str(sees))
        assert len(client.get("/api/v1/tasks/").json()["results"]) == sees
    clinical = tasks["clinical"].pk
    desk = client_for(receptionist)
    for url in (f"/inbox/{clinical}/claim/", f"/inbox/{clinical}/done/"):
        assert desk.post(url, {"outcome": "x"}).status_code == 404
    assert desk.post(f"/api/v1/tasks/{clinical}/claim/").status_code == 404


def test_a_task_is_claimed_finished_and_stays_in_the_history(
    tasks: dict[str, StaffTask], receptionist: Membership
) -> None:
    client, pk = client_for(receptionist), tasks["front_desk"].pk
    client.post(f"/inbox/{pk}/claim/")
    assert "Noor Haddad has it" in text(client, "/inbox/")
    assert client.post(f"/inbox/{pk}/done/", {"outcome": " "}).status_code == 422
    client.post(f"/inbox/{pk}/done/", {"outcome": "Called, all well"})
    twice = client.post(f"/inbox/{pk}/done/", {"outcome": "again"}, follow=True)
    assert "already done" in twice.content.decode()
    assert "Nothing waits for you" in text(client, "/inbox/")
    done = text(client, "/inbox/?done=1")
    assert "Called, all well" in done
    assert "Noor Haddad" in done


def test_whom_a_task_is_about_can_be_called_from_it(
    ines: Patient, practitioner: Membership
) -> None:
    Patient.objects.filter(pk=ines.pk).update(phone="+33612345678")
    task = make.task(ines, dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC))
    client = client_for(practitioner)
    for url in ("/inbox/", f"/inbox/{task.pk}/"):
        assert 'href="tel:+33612345678"' in client.get(url).content.decode()


def test_urgent_tasks_lead_and_late_ones_say_so(ines: Patient, practitioner: Membership) -> None:
    late = make.task(ines, NOW - HOUR, title="older", kind="message_failed")
    make.task(ines, NOW + HOUR, title="burns", kind="checkin_urgent", is_urgent=True)
    page = text(client_for(practitioner), "/inbox/")
    assert page.index("Urgent") < page.index("Burns") < page.index("Older")
    assert page.count("Late") == 1
    assert late.due_at < NOW


def test_the_inbox_costs_the_same_with_many_tasks(ines: Patient, practitioner: Membership) -> None:
    client = client_for(practitioner)
    for n in range(3):
        make.task(treatments.patient(ines.clinic, f"P {n}"), NOW)
    few = queries(client, "/inbox/")
    for n in range(20):
        make.task(treatments.patient(ines.clinic, f"Q {n}"), NOW)
    assert queries(client, "/inbox/") == few


def test_no_two_open_tasks_about_the_same_thing(ines: Patient, mail_sink: object) -> None:
    Patient.objects.filter(pk=ines.pk).update(email="")
    make.template(ines.clinic)
    for _n in range(3):
        make.message(ines, NOW)
    make.post(NOW)
    assert StaffTask.objects.count() == 1


def test_a_task_is_handed_over_until_a_day_while_people_work(
    tasks: dict[str, StaffTask], receptionist: Membership, practitioner: Membership
) -> None:
    """To somebody who may see it, until eight in the evening; a day that is over is refused."""
    client, task = client_for(receptionist), tasks["front_desk"]
    page, to = f"/inbox/{task.pk}/", str(practitioner.staff_id)
    over = client.post(page, {"staff": to, "due_on": f"{NOW - dt.timedelta(days=1):%Y-%m-%d}"})
    assert over.status_code == 422
    assert "Choose a later day" in over.content.decode()
    task.refresh_from_db()
    assert task.assigned_to_id is None

    client.post(page, {"staff": to, "due_on": f"{NOW + dt.timedelta(days=1):%Y-%m-%d}"})
    task.refresh_from_db()
    assert task.assigned_to_id == practitioner.staff_id
    due = task.due_at.astimezone(practitioner.clinic.zone)
    assert due.replace(tzinfo=None) == dt.datetime.combine(
        (NOW + dt.timedelta(days=1)).date(), dt.time(20)
    )
    said = text(client, page)
    assert "20:00" in said
    assert "00:00" not in said
    assert f"For {practitioner.staff.full_name}" in text(client, "/inbox/")
