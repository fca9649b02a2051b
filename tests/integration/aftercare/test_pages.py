"""Today, the inbox, the ledger, the chart's panel, the API and the administration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftercare.models import Message, MessageTemplate, StaffTask, TriageRuleSet
from aftercare.selectors import PAGE
from aftercare.selectors.today import FreeLine, Viewer, board
from aftercare.services import heartbeat
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership, StaffMember
from patients.models import Patient
from scheduling.models import Appointment
from tests.factories import aftercare as make
from tests.factories import scheduling, treatments
from tests.factories.clinic import PractitionerFactory
from tests.personas import client_for
from treatments.models import PlannedSession, TreatmentPlan

NOW = treatments.NOW  # a Tuesday, ten in Rennes
TODAY = treatments.TODAY
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _tuesday_at_ten() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def queries(client: Client, url: str) -> int:
    client.get(url)  # fills the caches of sessions, content types and templates
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


# --- today ---------------------------------------------------------------------------------


@pytest.fixture
def session_today(
    desk: scheduling.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> Appointment:
    return scheduling.visit(
        desk, plan.patient, desk.at(TODAY, 11), visit_type=desk.session, plan=plan,
        planned_session=sessions[0],
    )  # fmt: skip


def test_today_says_who_comes_and_for_what(
    session_today: Appointment, practitioner: Membership, receptionist: Membership
) -> None:
    seen = text(client_for(practitioner), "/")
    assert "Tuesday 13 January" in seen
    assert "1 visit · 1 to come" in seen
    assert "Skin hydration · session 1 of 3" in seen
    at_desk = text(client_for(receptionist), "/")
    assert "Session 1 of 3" in at_desk
    assert "hydration" not in at_desk


def test_today_shows_who_cannot_go_ahead_and_why_to_clinicians_only(
    session_today: Appointment, practitioner: Membership, receptionist: Membership
) -> None:
    scheduling.contraindicate(session_today.patient, NOW + MINUTE)
    seen = text(client_for(practitioner), "/")
    assert "1 needs a decision" in seen
    assert "The screening found an absolute contraindication." in seen
    at_desk = text(client_for(receptionist), "/")
    assert "Can&#x27;t go ahead yet" in at_desk or "Can't go ahead yet" in at_desk
    assert "contraindication" not in at_desk


def test_today_shows_free_time_that_is_left(
    desk: scheduling.Desk, ines: Patient, practitioner: Membership
) -> None:
    scheduling.visit(desk, ines, desk.at(TODAY, 11), minutes=60)
    scheduling.visit(desk, ines, desk.at(TODAY, 12, 15), minutes=30)
    scheduling.time_off(desk, desk.at(TODAY, 15), desk.at(TODAY, 16))
    (column,) = board(desk.clinic, TODAY, now=NOW + 7 * MINUTE, viewer=Viewer()).columns
    free = [one for one in column.entries if isinstance(one, FreeLine)]
    assert [(one.at, one.until) for one in free] == [
        (desk.at(TODAY, 10, 15), desk.at(TODAY, 11)),
        (desk.at(TODAY, 12, 45), desk.at(TODAY, 15)),
        (desk.at(TODAY, 16), desk.at(TODAY, 17)),
    ]
    assert "Free until 11:00" in text(client_for(practitioner), "/")


def test_on_a_closed_day_nothing_is_offered(desk: scheduling.Desk) -> None:
    scheduling.time_off(desk, desk.at(TODAY, 0), desk.at(TODAY, 23), practitioner=None)
    (column,) = board(desk.clinic, TODAY, now=NOW, viewer=Viewer()).columns
    assert column.entries == []


def test_ones_own_column_leads(desk: scheduling.Desk, lices: Clinic) -> None:
    other = PractitionerFactory(clinic=lices, staff__full_name="Aaron First")
    scheduling.hours(other)
    for who in (desk.member, other):
        columns = board(lices, TODAY, now=NOW, viewer=Viewer(who.staff_id)).columns
        assert columns[0].member == who


def test_an_empty_day_and_an_empty_inbox_say_so(lices: Clinic, practitioner: Membership) -> None:
    seen = text(client_for(practitioner), "/")
    assert "Nobody works today" in seen
    assert "Nothing waits for you" in seen


def test_today_leaves_out_cancelled_and_held_visits_and_another_clinics(
    desk: scheduling.Desk, ines: Patient, practitioner: Membership, other_practitioner: Membership
) -> None:
    scheduling.visit(desk, ines, desk.at(TODAY, 11), status="cancelled")
    scheduling.visit(desk, ines, desk.at(TODAY, 12), status="pending", held_until=NOW + HOUR)
    assert "Inês" not in text(client_for(practitioner), "/")
    assert "Inês" not in text(client_for(other_practitioner), "/")


def test_today_costs_the_same_with_ten_visits_and_with_forty(
    desk: scheduling.Desk, stock: treatments.Catalogue, practitioner: Membership, lices: Clinic
) -> None:
    def more(number: int, first: int) -> None:
        for n in range(first, first + number):
            who = treatments.patient(lices, f"Patient {n}")
            member = PractitionerFactory(clinic=lices)
            plan = treatments.course(stock, practitioner, who=who)
            scheduling.visit(
                desk, who, desk.at(TODAY, 11), minutes=45, visit_type=desk.session, plan=plan,
                planned_session=plan.sessions.get(number=1), practitioner=member.staff, room=None,
            )  # fmt: skip
            make.task(who, NOW, role="clinical")
            make.message(who, NOW, state="failed")

    client = client_for(practitioner)
    more(10, 0)
    ten = queries(client, "/")
    more(30, 10)
    assert queries(client, "/") == ten
    assert "40 visits" in text(client, "/")


def test_one_row_of_the_record_names_everybody_shown(
    session_today: Appointment, practitioner: Membership, lices: Clinic
) -> None:
    other = treatments.patient(lices, "Bruno Costa")
    make.task(other, NOW, role="clinical")
    text(client_for(practitioner), "/")
    entry = AuditEntry.objects.filter(action="read").latest("pk")
    assert set(entry.patients) == {session_today.patient_id, other.pk}


# --- inbox ---------------------------------------------------------------------------------


@pytest.fixture
def tasks(ines: Patient) -> dict[str, StaffTask]:
    made = treatments.patient
    return {
        role: make.task(made(ines.clinic, f"{role} case"), NOW + HOUR, role=role, title=role)
        for role in ("front_desk", "clinical")
    }


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


# --- ledger --------------------------------------------------------------------------------


@pytest.fixture
def posts(ines: Patient) -> dict[str, Message]:
    bruno = treatments.patient(ines.clinic, "Bruno Çosta")
    return {
        "gone": make.message(ines, NOW - HOUR, state="sent", sent_at=NOW, title="Gone"),
        "failed": make.message(bruno, NOW - 2 * HOUR, state="failed", title="Broken"),
        "late": make.message(ines, NOW + 50 * HOUR, title="Later"),
        "soon": make.message(bruno, NOW + 5 * HOUR, title="Soonest"),
    }


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Gone", "Broken"]),
        ("?show=coming", ["Soonest", "Later"]),
        ("?show=waiting", ["Broken"]),
        ("?state=sent", ["Gone"]),
        ("?name=cosTA", ["Broken"]),
        ("?show=coming&name=ines", ["Later"]),
        ("?show=nonsense&state=strange&before=x", ["Gone", "Broken"]),
    ],
)
def test_the_ledger_shows_the_part_asked_for(
    posts: dict[str, Message], receptionist: Membership, query: str, shown: list[str]
) -> None:
    answer = client_for(receptionist).get(f"/messages/{query}")
    assert [message.title for message in answer.context["rows"]] == shown


def test_the_ledger_of_one_patient(posts: dict[str, Message], receptionist: Membership) -> None:
    patient = posts["gone"].patient_id
    answer = client_for(receptionist).get(f"/messages/?patient={patient}")
    assert [message.title for message in answer.context["rows"]] == ["Gone"]
    assert f"show=coming&amp;patient={patient}" in answer.content.decode()


@pytest.mark.parametrize(("show", "sign"), [("past", -1), ("coming", 1)])
def test_pages_of_the_ledger_meet_without_gap_or_repeat(
    ines: Patient, receptionist: Membership, show: str, sign: int
) -> None:
    ties = [NOW + sign * (1 + n // 7) * MINUTE for n in range(2 * PAGE + 5)]
    ids = [make.message(ines, at).pk for at in ties]
    client, url, seen = client_for(receptionist), f"/messages/?show={show}", []
    while url:
        answer = client.get(url)
        seen += [message.pk for message in answer.context["rows"]]
        url = answer.context["next_url"]
    assert len(seen) == len(set(seen)) == len(ids)
    assert set(seen) == set(ids)


def test_the_ledger_costs_the_same_with_many_messages(
    ines: Patient, receptionist: Membership
) -> None:
    client = client_for(receptionist)
    make.message(ines, NOW)
    few = queries(client, "/messages/")
    for n in range(30):
        make.message(treatments.patient(ines.clinic, f"P {n}"), NOW)
    assert queries(client, "/messages/") == few


def test_a_message_shows_its_history_and_what_to_do(
    ines: Patient, receptionist: Membership, mail_sink: Any
) -> None:
    make.template(ines.clinic)
    message = make.message(ines, NOW)
    mail_sink.refuse["ines@example.org"] = "550 unknown"
    make.post(NOW)
    page = text(client_for(receptionist), f"/messages/{message.pk}/")
    assert "550 unknown" in page
    assert "Send again" in page
    assert "ines@example.org" in page


def test_the_chart_shows_the_messages_and_the_time_line_why(
    posts: dict[str, Message], receptionist: Membership
) -> None:
    page = text(client_for(receptionist), f"/patients/{posts['gone'].patient_id}/")
    assert "Gone" in page
    assert "Later" in page
    assert "Handed" in page or "Planned by the programme" in page


def test_another_clinic_and_outsiders_find_nothing(
    posts: dict[str, Message], other_practitioner: Membership, outsider: StaffMember
) -> None:
    message = posts["failed"]
    urls = [
        f"/messages/{message.pk}/", f"/api/v1/messages/{message.pk}/",
    ]  # fmt: skip
    stranger = client_for(other_practitioner)
    assert {stranger.get(url).status_code for url in urls} == {404}
    release = f"/messages/{message.pk}/release/"
    assert stranger.post(release, {"decision": "send"}).status_code == 404
    assert stranger.post(f"/messages/resend/{message.patient_id}/").status_code == 404
    assert "Bruno" not in text(stranger, "/messages/")
    assert {client_for(outsider).get(url).status_code for url in urls} == {403}
    assert Client().get(urls[0]).status_code == 302
    message.refresh_from_db()
    assert message.state == "failed"


# --- API -----------------------------------------------------------------------------------


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


# --- administration ------------------------------------------------------------------------


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


# --- health --------------------------------------------------------------------------------


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
