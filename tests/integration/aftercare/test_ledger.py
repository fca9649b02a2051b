"""The ledger of the clinic and of one patient."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from aftercare.models import Message
from aftercare.selectors import PAGE
from mesoclinic.clinic.models import Membership, StaffMember
from patients.models import Patient
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.integration.aftercare.pages import queries, text
from tests.personas import client_for

pytestmark = pytest.mark.usefixtures("tuesday_at_ten")

NOW = treatments.NOW  # a Tuesday, ten in Rennes
MINUTE = dt.timedelta(minutes=1)


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


@pytest.mark.parametrize(
    ("query", "said"), [("?name=nobody", "Nothing fits"), ("", "No messages here")]
)
def test_an_empty_ledger_says_what_to_do(receptionist: Membership, query: str, said: str) -> None:
    assert said in client_for(receptionist).get(f"/messages/{query}").content.decode()


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


def test_the_chart_is_not_buried_under_what_will_not_come(
    ines: Patient, receptionist: Membership
) -> None:
    """A course on hold leaves its reminders out: the list of messages shows them, the chart not."""
    make.message(ines, NOW + dt.timedelta(days=9), title="Left out later", state="skipped")
    make.message(ines, NOW - MINUTE, title="Left out before", state="skipped")
    client = client_for(receptionist)
    chart = text(client, f"/patients/{ines.pk}/")
    assert "Left out later" not in chart
    assert "Left out before: not needed" in chart
    listed = text(client, f"/messages/of/{ines.pk}/")
    assert "Left out later" in listed
    assert "Not needed" in text(client, "/messages/").split("<table")[0]  # the filter's word


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


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ("", {"sent": 1, "failed": 1}),
        ("?state=sent", {"sent": 1, "failed": 1}),  # what else there is, to choose it
        ("?show=coming", {"planned": 3}),
        ("?show=coming&name=ines", {"planned": 2}),
        ("?show=waiting", {"failed": 1}),
        ("?since=2020-01-01", {"sent": 2, "failed": 1}),
    ],
)
def test_the_counts_are_those_of_the_part_that_is_shown(
    posts: dict[str, Message], ines: Patient, receptionist: Membership, query: str,
    counts: dict[str, int],
) -> None:  # fmt: skip
    """Also of what is months ahead; of the past the last thirty days unless a day is named."""
    make.message(ines, NOW + dt.timedelta(days=200))
    make.message(ines, NOW - dt.timedelta(days=200), state="sent", sent_at=NOW)
    answer = client_for(receptionist).get(f"/messages/{query}")
    assert {one["state"]: one["n"] for one in answer.context["counts"]} == counts
    assert [part["count"] for part in answer.context["parts"]] == [0, 3, 1]
