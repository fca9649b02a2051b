"""What is behind the pages: the API, the administration, and the state of the dispatcher."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftercare.models import Message, MessageTemplate, StaffTask, TriageRuleSet
from aftercare.services import heartbeat
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.personas import client_for

pytestmark = pytest.mark.usefixtures("tuesday_at_ten")

NOW = treatments.NOW  # a Tuesday, ten in Rennes
MINUTE = dt.timedelta(minutes=1)


# --- API -------------------------------------------------------------------------------------


def post(client: Client, url: str, **body: str) -> Any:
    return client.post(url, body, content_type="application/json")


def test_the_api_lists_shows_and_releases(
    posts: dict[str, Message], receptionist: Membership
) -> None:
    client = client_for(receptionist)
    listed = client.get("/api/v1/messages/?state=failed").json()["results"]
    assert [row["title"] for row in listed] == ["Broken"]
    assert {"recipient", "context"}.isdisjoint(listed[0])
    failed = posts["failed"]
    shown = client.get(f"/api/v1/messages/{failed.pk}/").json()
    assert shown["events"] == []
    url = f"/api/v1/messages/{failed.pk}/release/"
    assert post(client, url, decision="maybe").status_code == 400
    assert post(client, url, decision="send").json()["state"] == "planned"
    again = post(client, url, decision="send")
    assert (again.status_code, again.json()["code"]) == (409, "message_not_held")


@pytest.mark.parametrize("query", ["patient=x", "state=strange", "subject=7"])
def test_the_api_refuses_a_filter_it_does_not_understand(
    receptionist: Membership, query: str
) -> None:
    assert client_for(receptionist).get(f"/api/v1/messages/?{query}").status_code == 400


def test_the_api_finishes_tasks(tasks: dict[str, StaffTask], receptionist: Membership) -> None:
    client, pk = client_for(receptionist), tasks["front_desk"].pk
    assert client.post(f"/api/v1/tasks/{pk}/claim/").json()["claimed_by"]
    assert post(client, f"/api/v1/tasks/{pk}/finish/").status_code == 400
    done = post(client, f"/api/v1/tasks/{pk}/finish/", outcome="Called").json()
    assert (done["outcome"], done["done_by"]) == ("Called", "Noor Haddad")


# --- administration --------------------------------------------------------------------------


def save(client: Client, template: MessageTemplate, **changes: str) -> Any:
    url = reverse("admin:aftercare_messagetemplate_change", args=[template.pk])
    data = {
        "clinic": str(template.clinic_id), "key": template.key, "language": template.language,
        "subject": template.subject, "body": template.body,
    }  # fmt: skip
    return client.post(url, data | changes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"body": "Dear {{ patient_nmae }}"}, "patient_nmae"),
        ({"subject": "Dear {{ patient_name }}"}, "patient_name"),
        ({"subject": "Code {{ code }}"}, "code"),
        ({"body": "Dear {{ patient_name"}, "two braces"),
        ({"body": "Dear {{ Patient }}"}, "two braces"),
        ({"subject": "See you }}"}, "two braces"),
    ],
)
def test_a_template_with_a_wrong_variable_is_refused(
    lices: Clinic, manager: Membership, changes: dict[str, str], complaint: str
) -> None:
    template = MessageTemplate.objects.for_clinic(lices).get(key="checkin", language="en")
    answer = save(client_for(manager), template, **changes)
    assert answer.status_code == 200
    assert complaint in str(answer.context["adminform"].form.errors)
    before = template.body
    template.refresh_from_db()
    assert template.body == before


def test_a_template_is_changed_by_a_manager(lices: Clinic, manager: Membership) -> None:
    template = MessageTemplate.objects.for_clinic(lices).get(key="checkin", language="en")
    assert save(client_for(manager), template, body="# Hello {{ patient_name }}").status_code == 302
    template.refresh_from_db()
    assert template.body == "# Hello {{ patient_name }}"


def test_rules_that_cannot_be_read_are_refused(lices: Clinic, manager: Membership) -> None:
    url = reverse("admin:aftercare_triageruleset_add")
    data = {
        "clinic": str(lices.pk), "version": "2", "status": "draft", "spec": '{"effects": 7}',
    }  # fmt: skip
    answer = client_for(manager).post(url, data)
    assert answer.status_code == 200
    assert "spec" in answer.context["adminform"].form.errors
    assert TriageRuleSet.objects.count() == 1


# --- health ----------------------------------------------------------------------------------


def test_the_health_page_tells_of_the_dispatcher_and_the_oldest_message(
    ines: Patient, client: Client
) -> None:
    def said() -> dict[str, Any]:
        found: dict[str, Any] = client.get("/readyz").json()["checks"]["messages"]
        return found

    assert said()["detail"] == "oldest due message: 0 s; dispatcher looked: never"
    heartbeat.tick(now=NOW - 7 * MINUTE)
    heartbeat.tick(now=NOW - MINUTE)
    make.message(ines, NOW - 20 * MINUTE)
    assert said() == {
        "ok": False,
        "detail": "oldest due message: 1200 s; dispatcher looked: 60 s ago",
    }
