"""Pages behind links: what they open, what they never show, and that looking changes nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from patients import services, signals
from patients.exceptions import AnswerNotAccepted
from patients.models import Patient, PatientLink, Questionnaire, Screening
from patients.selectors import latest_invitation
from tests.factories.files import photograph, png
from tests.factories.patients import (
    NOW,
    MedicineFactory,
    PatientFactory,
    good_answers,
    screened,
)
from tests.integration.patients.conftest import heard
from tests.integration.patients.looking import answer_all, state, url
from tests.personas import client_for

HOUR = dt.timedelta(hours=1)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_looking_changes_nothing(invited: str, client: Client) -> None:
    """A mail scanner opens every address with GET and HEAD."""
    before = state()
    for name in ("link", "link-screening", "link-screening-code", "link-screening-fill"):
        for ask in (client.get, client.head, client.options):
            answer = ask(url(name, invited))
            assert answer.status_code in {200, 302}, name
            assert answer["Referrer-Policy"] == "no-referrer"
            assert "no-store" in answer["Cache-Control"]
    assert state() == before


def test_the_first_page_is_neutral(invited: str, client: Client, patient: Patient) -> None:
    MedicineFactory(patient=patient)
    page = client.get(url("link", invited), follow=True)
    text = page.content.decode()
    assert patient.clinic.name in text
    for secret in ("Warfarin", "Carvalho", "Inês", patient.email, patient.phone):
        assert secret not in text


def test_every_dead_link_shows_the_same_page(
    invited: str, client: Client, patient: Patient, desk: Actor, clock: Any
) -> None:
    seen = set()
    unknown = client.get(url("link-screening", "x" * 43))
    for change in (
        {"revoked_at": NOW}, {"used_at": NOW},
        {"created_at": NOW - 2 * HOUR, "expires_at": NOW - HOUR}, {"purpose": "checkin"},
    ):  # fmt: skip
        PatientLink.objects.update(
            **{
                "revoked_at": None, "used_at": None, "expires_at": NOW + HOUR,
                "created_at": NOW - 2 * HOUR, "purpose": "screening", **change,
            }
        )  # fmt: skip
        for ask in (client.get, client.post):
            answer = ask(url("link-screening", invited))
            seen.add((answer.status_code, answer.content))
            assert answer["Referrer-Policy"] == "no-referrer"
    # The same for every reason; only who got the mail learns whom to call.
    (status, page), = seen  # fmt: skip
    assert status == unknown.status_code == 404
    assert patient.clinic.name.encode() in page
    assert f'href="tel:{patient.clinic.phone}"'.encode() in page
    assert patient.clinic.name.encode() not in unknown.content


def test_the_dead_and_the_erased_have_no_links(
    invited: str, client: Client, patient: Patient
) -> None:
    Patient.objects.update(deceased_on=dt.date(2026, 3, 1))
    assert client.get(url("link-screening", invited)).status_code == 404


def fill(client: Client, token: str, questionnaire: Questionnaire, **changed: object) -> Any:
    """Go through all sections as a patient does; returns the answer to the last page."""
    return answer_all(client, url("link-screening-fill", token), questionnaire, **changed)


@pytest.mark.parametrize(
    ("language", "of_clinic", "asked"),
    [
        ("pt", "fr", "Êtes-vous enceinte"),
        ("pt", "en", "Are you pregnant"),
        ("fr", "en", "Êtes-vous enceinte"),
    ],
)
def test_questions_and_page_speak_one_language(
    invited: str, client: Client, patient: Patient, language: str, of_clinic: str, asked: str
) -> None:
    Patient.objects.filter(pk=patient.pk).update(language=language)
    Clinic.objects.filter(pk=patient.clinic_id).update(language=of_clinic)
    client.post(url("link-screening", invited))
    page = client.get(f"{url('link-screening-fill', invited)}?step=1").content.decode()
    assert asked in page
    assert f'<html lang="{"fr" if "Ê" in asked else "en"}"' in page


def how_far(patient: Patient) -> str:
    """What staff read about the mailed questionnaire."""
    found = latest_invitation(patient, NOW)
    assert found is not None
    return found.state


def test_from_mail_to_cleared(
    invited: str, client: Client, patient: Patient, questionnaire: Questionnaire
) -> None:
    opened = client.post(url("link-screening", invited))
    assert opened.status_code == 302
    link = PatientLink.objects.get()
    assert link.opened_at == NOW
    assert link.subject_id == Screening.objects.get().pk
    assert how_far(patient) == "opened"
    client.post(
        f"{url('link-screening-fill', invited)}?step=1",
        {"asked": ["pregnancy"], "pregnancy": "no", "go": "keep"},
    )
    assert how_far(patient) == "started"
    done = fill(client, invited, questionnaire)
    assert done.status_code == 200
    assert how_far(patient) == "done"
    assert b"Thank you" in done.content
    screening = Screening.objects.get()
    assert (screening.channel, screening.signed_name) == ("link", "Inês Carvalho")
    assert screening.results.get().outcome == "cleared"
    assert b"Cleared" not in done.content
    actors = AuditEntry.objects.filter(model="patients.screening", action="update")
    assert {entry.actor_kind for entry in actors} == {"link"}
    # A reload or a second click thanks again; another browser finds a used link.
    again = client.post(f"{url('link-screening-fill', invited)}?step=7", {"signed_name": "x"})
    assert b"Thank you" in again.content
    assert Client().get(url("link-screening", invited)).status_code == 404


def test_what_is_missing_keeps_the_page(
    invited: str, client: Client, questionnaire: Questionnaire
) -> None:
    client.post(url("link-screening", invited))
    page = client.post(
        f"{url('link-screening-fill', invited)}?step=1",
        {"asked": ["pregnancy", "breastfeeding"], "pregnancy": "no", "go": "next"},
    )
    assert page.status_code == 422
    assert b"Please answer this" in page.content
    assert Screening.objects.get().answers == {"pregnancy": "no"}


def test_answers_are_kept_while_typing(invited: str, client: Client) -> None:
    client.post(url("link-screening", invited))
    where = f"{url('link-screening-fill', invited)}?step=1"
    kept = client.post(where, {"asked": ["pregnancy"], "pregnancy": "yes", "go": "keep"})
    assert kept.status_code == 204
    assert Screening.objects.get().answers == {"pregnancy": "yes"}


def test_another_browser_sees_no_answers_without_a_code(
    invited: str, client: Client, questionnaire: Questionnaire
) -> None:
    client.post(url("link-screening", invited))
    fill_url = f"{url('link-screening-fill', invited)}?step=1"
    client.post(fill_url, {"asked": ["pregnancy"], "pregnancy": "yes", "go": "keep"})
    mine = client.get(fill_url)
    assert b"checked" in mine.content
    stranger = Client()
    assert stranger.get(fill_url).status_code == 302
    forged = stranger.post(fill_url, {"asked": ["pregnancy"], "pregnancy": "no", "go": "keep"})
    assert forged.status_code == 302
    assert Screening.objects.get().answers == {"pregnancy": "yes"}
    with heard(signals.link_code_requested) as calls:
        stranger.post(url("link-screening-code", invited), {"send": "1"})
    refused = stranger.post(url("link-screening-code", invited), {"code": "12"})
    assert refused.status_code == 422
    stranger.post(url("link-screening-code", invited), {"code": calls[0]["code"]})
    assert b"checked" in stranger.get(fill_url).content


def test_the_chart_says_that_a_link_ended_unanswered_and_sends_another(
    invited: str, patient: Patient, receptionist: Membership
) -> None:
    PatientLink.objects.update(created_at=NOW - 2 * HOUR, expires_at=NOW - HOUR)
    chart = client_for(receptionist).get(f"/patients/{patient.pk}/")
    text = chart.content.decode()
    assert "The link ended before the questions were answered." in text
    assert "Send a new link" in text
    assert "Nobody has asked" not in text


def test_beginning_again_starts_empty(invited: str, client: Client) -> None:
    client.post(url("link-screening", invited))
    fill_url = f"{url('link-screening-fill', invited)}?step=1"
    client.post(fill_url, {"asked": ["pregnancy"], "pregnancy": "yes", "go": "keep"})
    Client().post(url("link-screening", invited))
    assert Screening.objects.get().answers == {}
    client.post(url("link-screening", invited))


def test_a_link_never_shows_the_record(
    invited: str, client: Client, patient: Patient, questionnaire: Questionnaire
) -> None:
    MedicineFactory(patient=patient)
    screened(patient, expectations="Something private")
    client.post(url("link-screening", invited))
    spec = services.questionnaire_spec(questionnaire)
    for step in range(1, len(spec.sections) + 2):
        text = client.get(f"{url('link-screening-fill', invited)}?step={step}").content.decode()
        assert "Warfarin 5 mg" not in text
        assert "Something private" not in text
        assert patient.name not in text


def test_too_many_codes_are_refused_in_words(invited: str, client: Client) -> None:
    for _ in range(3):
        client.post(url("link-screening-code", invited), {"send": "1"})
    answer = client.post(url("link-screening-code", invited), {"send": "1"})
    assert answer.status_code == 409
    assert b"several codes" in answer.content
    assert answer["Referrer-Policy"] == "no-referrer"


def test_the_language_is_the_patients(
    client: Client, patient: Patient, desk: Actor, questionnaire: Questionnaire
) -> None:
    Patient.objects.update(language="fr")
    patient.refresh_from_db()
    with heard(signals.screening_invited) as calls:
        services.invite_to_screening(actor=desk, patient=patient, now=NOW)
    token = calls[0]["token"]
    client.post(url("link-screening", token))
    page = client.get(f"{url('link-screening-fill', token)}?step=1").content.decode()
    assert "Êtes-vous enceinte" in page


def test_a_fill_page_costs_a_fixed_number_of_queries(
    invited: str, client: Client, questionnaire: Questionnaire
) -> None:
    client.post(url("link-screening", invited))
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{url('link-screening-fill', invited)}?step=3")
    assert len(queries) <= 6, [query["sql"] for query in queries]


def test_links_of_two_patients_do_not_mix(
    invited: str, client: Client, patient: Patient, desk: Actor
) -> None:
    other = PatientFactory(clinic=patient.clinic)
    with heard(signals.screening_invited) as calls:
        services.invite_to_screening(actor=desk, patient=other, now=NOW)
    client.post(url("link-screening", invited))
    cookie = client.cookies["filling"].value
    thief = Client()
    thief.post(url("link-screening", calls[0]["token"]))
    thief.cookies["filling"] = cookie
    answer = thief.get(f"{url('link-screening-fill', calls[0]['token'])}?step=1")
    assert answer.status_code == 302


def test_only_what_has_changed_needs_a_code_and_shows_no_answer_before(
    invited: str, client: Client, patient: Patient
) -> None:
    first = screened(patient, now=NOW - dt.timedelta(days=60), smoking="now")
    start = client.get(url("link-screening", invited)).content.decode()
    assert "Only what has changed" in start
    changes = url("link-screening-changes", invited)
    assert client.get(changes).status_code == 302  # nothing without the code
    with heard(signals.link_code_requested) as calls:
        client.post(url("link-screening-code", invited), {"send": "1"})
    opened = client.post(url("link-screening-code", invited), {"code": calls[0]["code"]})
    assert opened.url == changes  # type: ignore[attr-defined]
    page = client.get(changes).content.decode()
    assert "What has changed since" in page
    draft = Screening.objects.get(submitted_at=None)
    assert draft.prefilled_from_id == first.screening_id
    assert draft.answers["smoking"] == "now"
    habits = client.post(changes, {"changed": ["6"]})
    assert habits.url.endswith("?step=6&only=6")  # type: ignore[attr-defined]
    step = client.get(habits.url).content.decode()  # type: ignore[attr-defined]
    assert "Part 1 of 1" in step
    answer = client.post(habits.url, {"go": "next", "asked": "smoking", "smoking": "before"})  # type: ignore[attr-defined]
    assert answer.url.endswith("?step=9&only=6")  # type: ignore[attr-defined]
    path = "M 10 20 L 30 40"
    done = client.post(answer.url, {"signed_name": "Inês", "signature": path})  # type: ignore[attr-defined]
    assert done.status_code == 200
    draft.refresh_from_db()
    assert (draft.answers["smoking"], draft.signature) == ("before", path)
    assert draft.signed_text.startswith("I have answered these questions truthfully")
    assert draft.submitted_at == NOW


@pytest.mark.parametrize("drawn", ["M 1 2<script>", "L 1 2", "M" + " 1" * 10_001, "M 1.5 2"])
def test_a_signature_is_strokes_and_nothing_else(
    invited: str, client: Client, patient: Patient, questionnaire: Questionnaire, drawn: str
) -> None:
    client.post(url("link-screening", invited))
    draft = Screening.objects.get()
    draft.answers = good_answers(questionnaire)
    draft.save()
    sign = f"{url('link-screening-fill', invited)}?step=99"
    answer = client.post(sign, {"signed_name": "Inês", "signature": drawn})
    assert answer.status_code == 422
    assert Screening.objects.get().submitted_at is None


def sent_file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def test_pictures_come_by_link_and_only_the_patients_own_count(
    invited: str, client: Client, patient: Patient, stranger: Patient
) -> None:
    client.post(url("link-screening", invited))
    page = f"{url('link-screening-fill', invited)}?step=8"
    sent = client.post(
        page,
        {
            "go": "stay",
            "asked": "photo",
            "photo": [
                sent_file("a.png", png()),
                sent_file("b.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ],
        },
    )
    assert sent.status_code == 422
    assert "SVG" in sent.content.decode()
    [kept] = Screening.objects.get().answers["photo"]
    assert "received" in client.get(page).content.decode()
    # What the page says of ids is not believed, and nobody else's picture is an answer.
    client.post(page, {"go": "keep", "asked": "photo", "photo": str(photograph(stranger).pk)})
    assert Screening.objects.get().answers["photo"] == [kept]
    with pytest.raises(AnswerNotAccepted):
        services.save_answers(
            actor=Actor.system(patient.clinic_id), screening=Screening.objects.get(),
            answers={"photo": [str(photograph(stranger).pk)]}, now=NOW,
        )  # fmt: skip
    client.post(page, {"go": "keep", "asked": "photo", "photo-remove": kept})
    assert "photo" not in Screening.objects.get().answers


def test_going_on_leads_to_where_it_was_left(
    invited: str, client: Client, questionnaire: Questionnaire
) -> None:
    start = url("link-screening", invited)
    fill_url = url("link-screening-fill", invited)
    assert client.post(start).url == f"{fill_url}?step=1"  # type: ignore[attr-defined]
    answers = good_answers(questionnaire)
    sections = services.questionnaire_spec(questionnaire).sections
    for step, section in enumerate(sections[:2], start=1):
        data = {one.key: answers[one.key] for one in section.questions if one.key in answers}
        client.post(f"{fill_url}?step={step}", {"asked": list(data), "go": "keep", **data})
    assert client.post(start).url == f"{fill_url}?step=2"  # type: ignore[attr-defined]
    # Something open further up comes first.
    key = sections[0].questions[0].key
    client.post(f"{fill_url}?step=1", {"asked": [key], "go": "keep"})
    assert client.post(start).url == f"{fill_url}?step=1"  # type: ignore[attr-defined]
