"""The check-in by link: judged at once, told to whoever must know, never lost by a second click."""

from __future__ import annotations

import datetime as dt
import threading
from typing import cast

import pytest
import time_machine
from django.db import connection
from django.test import Client

from aftercare.domain.triage import ReportedEffect
from aftercare.exceptions import AlreadyAnswered, NoTriageRules
from aftercare.models import CheckIn, StaffTask, TriageRuleSet
from aftercare.services.checkins import CheckInAnswer, answer_checkin
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import NotFound
from patients.models import Patient, PatientLink
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.personas import client_for
from treatments.domain.readiness import Verdict
from treatments.models import AdverseEvent, PlannedSession, SessionRecord
from treatments.services import assess_readiness

CHECKIN = PatientLink.Purpose.CHECKIN
CALM = CheckInAnswer(feeling=2, effects=(ReportedEffect("redness", 1),))
PUS = CheckInAnswer(feeling=4, effects=(ReportedEffect("heat_pus", 2),), text="It throbs.")


@pytest.fixture
def later(record: SessionRecord) -> dt.datetime:
    """A day after the session."""
    assert record.signed_at is not None
    return record.signed_at + dt.timedelta(days=1)


@pytest.fixture
def link(record: SessionRecord, later: dt.datetime) -> PatientLink:
    return make.link(record.patient, CHECKIN, record.pk, later)[0]


@pytest.fixture
def page(record: SessionRecord, later: dt.datetime) -> str:
    """The address in the mail."""
    return f"/p/{make.link(record.patient, CHECKIN, record.pk, later)[1]}/check-in/"


def form(**answers: object) -> dict[str, object]:
    """A calm answer; of every effect it says how strong and how large, unless told otherwise."""
    data: dict[str, object] = {"feeling": "2", "effects": ["redness"], "text": ""} | answers
    for key in cast(list[str], data["effects"]):
        data.setdefault(f"strength_{key}", "1")
        data.setdefault(f"size_{key}", "1")
    return data


# --- the service ---------------------------------------------------------------------------


def test_a_calm_answer_is_stored_and_needs_nobody(link: PatientLink, later: dt.datetime) -> None:
    triage = answer_checkin(link=link, answer=CALM, now=later)
    assert triage.urgency == "self_care"
    assert CheckIn.objects.get().level == "self_care"
    assert StaffTask.objects.count() == AdverseEvent.objects.count() == 0


def test_a_free_word_is_read_by_somebody(link: PatientLink, later: dt.datetime) -> None:
    answer_checkin(link=link, answer=CheckInAnswer(1, (), "May I swim?"), now=later)
    task = StaffTask.objects.get()
    assert (task.kind, task.role, task.is_urgent) == ("checkin_review", "clinical", False)


def test_signs_of_infection_alert_draft_an_event_and_stop_the_next_session(
    link: PatientLink, later: dt.datetime
) -> None:
    triage = answer_checkin(link=link, answer=PUS, now=later)

    assert triage.alerts_staff
    task = StaffTask.objects.get()
    assert (task.kind, task.role, task.is_urgent) == ("checkin_urgent", "clinical", True)
    assert task.due_at == later + dt.timedelta(minutes=15)
    event = AdverseEvent.objects.get()
    assert (event.effect, event.severity, event.is_draft) == ("infection", 3, True)
    assert event.session_id == link.subject_id
    ready = assess_readiness(
        planned_session=PlannedSession.objects.get(plan__patient=link.patient, number=2),
        at="booking", now=later, on=later.date() + dt.timedelta(days=7),
    )  # fmt: skip
    assert ready.verdict is Verdict.STOP


def test_what_the_patient_calls_strong_is_drafted_as_severe(
    link: PatientLink, later: dt.datetime
) -> None:
    answer = CheckInAnswer(3, (ReportedEffect("bruise", 3), ReportedEffect("redness", 3)))
    triage = answer_checkin(link=link, answer=answer, now=later)
    assert triage.urgency == "review"
    assert AdverseEvent.objects.get().severity == 3
    assert not StaffTask.objects.get().is_urgent


def test_an_unknown_strength_is_reviewed_but_drafts_nothing(
    link: PatientLink, later: dt.datetime
) -> None:
    answer_checkin(link=link, answer=CheckInAnswer(2, (ReportedEffect("bruise", None),)), now=later)
    assert StaffTask.objects.get().kind == "checkin_review"
    assert not AdverseEvent.objects.exists()


def test_the_same_answer_twice_is_one_answer_judged_alike(
    link: PatientLink, later: dt.datetime
) -> None:
    first = answer_checkin(link=link, answer=PUS, now=later)
    assert answer_checkin(link=link, answer=PUS, now=later) == first
    with pytest.raises(AlreadyAnswered):
        answer_checkin(link=link, answer=CALM, now=later)
    assert CheckIn.objects.count() == StaffTask.objects.count() == 1


def test_a_link_about_no_session_and_a_clinic_without_rules_are_refused(
    record: SessionRecord, later: dt.datetime, link: PatientLink
) -> None:
    stray, _token = make.link(record.patient, CHECKIN, None, later)
    with pytest.raises(NotFound):
        answer_checkin(link=stray, answer=CALM, now=later)
    TriageRuleSet.objects.update(status="retired")
    with pytest.raises(NoTriageRules):
        answer_checkin(link=link, answer=CALM, now=later)


def test_a_session_of_another_patient_is_not_found(
    record: SessionRecord, later: dt.datetime
) -> None:
    other = treatments.patient(record.clinic, "Bruno Costa")
    link, _token = make.link(other, CHECKIN, record.pk, later)
    with pytest.raises(NotFound):
        answer_checkin(link=link, answer=CALM, now=later)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_time_are_one_answer(link: PatientLink, later: dt.datetime) -> None:
    ends: list[object] = []
    start = threading.Barrier(2)

    def click() -> None:
        try:
            mine = PatientLink.objects.select_related("patient", "clinic").get(pk=link.pk)
            start.wait(5)
            ends.append(answer_checkin(link=mine, answer=PUS, now=later).urgency)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _n in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(10)
    assert ends == ["urgent", "urgent"]
    assert CheckIn.objects.count() == AdverseEvent.objects.count() == 1


# --- the pages -----------------------------------------------------------------------------


def test_looking_changes_nothing(page: str, later: dt.datetime) -> None:
    with time_machine.travel(later, tick=False):
        for _n in range(2):
            seen = Client().get(page)
            assert Client().head(page).status_code == seen.status_code == 200
    link = PatientLink.objects.get(purpose=CHECKIN, used_at=None)
    assert (link.opened_at, link.used_at) == (None, None)
    assert not CheckIn.objects.exists()
    assert seen["Cache-Control"] == "no-store, private"
    assert seen["Referrer-Policy"] == "no-referrer"
    assert b"Softer skin" not in seen.content
    assert "Inês" not in seen.content.decode()


def test_what_is_usual_is_said_so_and_depends_on_the_time(page: str, later: dt.datetime) -> None:
    def levels(at: dt.datetime) -> dict[str, str]:
        with time_machine.travel(at, tick=False):
            rows = Client().get(page).context["form"].effect_rows()
        return {row.box.data["value"]: row.level for row in rows}

    soon, late = levels(later), levels(later + dt.timedelta(days=3))
    assert (soon["redness"], late["redness"]) == ("self_care", "review")
    assert (soon["heat_pus"], soon["breathing"]) == ("urgent", "emergency")


@pytest.mark.parametrize(
    ("answers", "title", "call"),
    [
        ({}, "Thank you", "is normal"),
        ({"effects": []}, "Thank you", "you notice nothing"),
        ({"effects": ["lumps"]}, "Thank you", ""),
        ({"effects": ["heat_pus"], "strength_heat_pus": ""}, "Please call us now", "tel:+33"),
        (
            {"effects": ["fever", "redness"], "strength_redness": ""},
            "Please call us now",
            "tel:+33",
        ),
        ({"effects": ["breathing", "redness"], "strength_redness": ""}, "Call 15 now", "tel:15"),
    ],
)
def test_the_answer_says_at_once_what_to_do(
    page: str, later: dt.datetime, answers: dict[str, object], title: str, call: str
) -> None:
    with time_machine.travel(later, tick=False):
        done = Client().post(page, form(**answers))
    text = done.content.decode()
    assert done.status_code == 200
    assert f"<h1>{title}</h1>" in text
    assert call in text
    if "call" in title.lower():
        assert "is normal" not in text
    assert CheckIn.objects.count() == 1


def test_a_patient_whose_language_is_not_spoken_reads_one_language(
    page: str, record: SessionRecord, later: dt.datetime
) -> None:
    """The clinic's, also where the words come from the clinic's rules."""
    Patient.objects.filter(pk=record.patient_id).update(language="pt")
    Clinic.objects.filter(pk=record.clinic_id).update(language="fr")
    with time_machine.travel(later, tick=False):
        asked = Client().get(page).content.decode()
        done = Client().post(page, form(effects=["swelling"])).content.decode()
    for french, english in (("Gonflement", "Swelling"), ("Rougeur", "Redness")):
        assert french in asked
        assert english not in asked
    assert "<h1>Merci</h1>" in done
    assert "Thank you" not in done


def test_a_second_click_ends_on_the_same_advice_and_a_late_one_on_a_neutral_page(
    page: str, later: dt.datetime
) -> None:
    pus = form(effects=["heat_pus"])
    with time_machine.travel(later, tick=False):
        client = Client()
        first, second = client.post(page, pus), client.post(page, pus)
        again = client.get(page)
        other = client.post(page, form())
    assert first.content == second.content
    assert CheckIn.objects.count() == StaffTask.objects.count() == 1
    for neutral in (again, other):
        assert "You have answered already" in neutral.content.decode()
        assert "infection" not in neutral.content.decode()
    assert (again.status_code, other.status_code) == (200, 409)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"feeling": ""}, "feeling"),
        ({"feeling": "9"}, "feeling"),
        ({"strength_redness": ""}, "strength_redness"),
        ({"size_redness": ""}, "size_redness"),
        ({"other": "on", "text": " "}, "text"),
        ({"effects": ["no-such"]}, "effects"),
        ({"text": "x" * 2001}, "text"),
    ],
)
def test_bad_input_is_asked_again_and_loses_nothing(
    page: str, later: dt.datetime, answers: dict[str, object], field: str
) -> None:
    with time_machine.travel(later, tick=False):
        again = Client().post(page, form(text="keep me") | answers)
    assert again.status_code == 422
    assert field in again.context["form"].errors
    if "text" not in answers:
        assert "keep me" in again.content.decode()
    assert not CheckIn.objects.exists()


def test_a_wrong_expired_or_foreign_link_shows_one_neutral_page(
    record: SessionRecord, page: str, later: dt.datetime
) -> None:
    other = make.link(record.patient, PatientLink.Purpose.UNSUBSCRIBE, record.pk, later)[1]
    with time_machine.travel(later, tick=False):
        pages = [Client().get(f"/p/{token}/check-in/") for token in ("x" * 43, other)]
    with time_machine.travel(later + dt.timedelta(days=30), tick=False):
        pages.append(Client().get(page))
    assert {one.status_code for one in pages} == {404}
    unknown, foreign, expired = (one.content.decode() for one in pages)
    # Whoever holds a link of ours learns whom to call, and nothing about why it is closed.
    assert foreign == expired
    assert record.clinic.phone in expired
    assert record.clinic.phone not in unknown
    assert record.patient.name not in expired


# --- for staff -----------------------------------------------------------------------------


def test_practitioners_read_a_check_in_and_nobody_else(
    record: SessionRecord, later: dt.datetime, receptionist: Membership,
    practitioner: Membership, other_practitioner: Membership,
) -> None:  # fmt: skip
    effect = {"effect": "redness", "severity": 2, "growing": True, "spreading": True}
    told = make.checkin(record, later, effects=[effect], text="It itches")
    url = f"/check-ins/{told.pk}/"
    shown = client_for(practitioner).get(url).content.decode()
    assert "Redness or small marks" in shown
    assert "It itches" in shown
    assert client_for(receptionist).get(url).status_code == 403
    assert client_for(other_practitioner).get(url).status_code == 404
    assert client_for(practitioner).get(f"/api/v1/check-ins/?patient={record.patient_id}").json()
    answer = client_for(practitioner).get("/api/v1/check-ins/?patient=nonsense")
    assert answer.status_code == 400


def test_the_chart_shows_check_ins_to_clinicians_only(
    record: SessionRecord, later: dt.datetime, receptionist: Membership, practitioner: Membership
) -> None:
    make.checkin(record, later, text="It itches")
    url = f"/patients/{record.patient_id}/"
    assert "It itches" in client_for(practitioner).get(url).content.decode()
    assert "It itches" not in client_for(receptionist).get(url).content.decode()


def test_a_clinic_starts_with_published_rules(lices: Clinic) -> None:
    assert TriageRuleSet.objects.for_clinic(lices).get().status == "published"
