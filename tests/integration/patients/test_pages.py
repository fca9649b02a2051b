"""The pages: who sees what, what is kept when something is wrong, and what they cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from patients import panels, selectors, services
from patients.models import (
    Allergy,
    Medicine,
    Patient,
    Questionnaire,
    Screening,
    ScreeningConfirmation,
)
from patients.selectors import listing
from tests.factories.patients import (
    NOW,
    TODAY,
    AllergyFactory,
    ConditionFactory,
    MedicineFactory,
    PatientFactory,
    draft_for,
    good_answers,
    screened,
    seeded,
)

pytestmark = pytest.mark.django_db

SignIn = Callable[[Any], Client]


@pytest.fixture
def at_desk(receptionist: Membership, client_for: SignIn) -> Client:
    return client_for(receptionist)


@pytest.fixture
def as_doctor(practitioner: Membership, client_for: SignIn) -> Client:
    return client_for(practitioner)


def url(name: str, *args: object) -> str:
    return reverse(f"patients:{name}", args=args)


def reads() -> int:
    return AuditEntry.objects.filter(action="read").count()


# --- list and search ------------------------------------------------------------------------------


def test_list_and_search(at_desk: Client, patient: Patient, stranger: Patient) -> None:
    page = at_desk.get(url("list"), {"q": "ines carv"}).content.decode()
    assert patient.record_number in page
    assert stranger.record_number not in page
    rows = at_desk.get(url("list"), {"q": "ines"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in rows
    assert "Nobody found" in at_desk.get(url("list"), {"q": "zzzz"}).content.decode()


def test_the_search_of_the_shell(at_desk: Client, patient: Patient) -> None:
    box = at_desk.get(url("search"), {"q": "carvalho"}, headers={"HX-Request": "true"})
    assert url("chart", patient.pk) in box.content.decode()
    answer = at_desk.get(
        url("search"), {"q": "carvalho"}, headers={"Accept": "application/json"}
    ).json()
    assert [row["id"] for row in answer["results"]] == [str(patient.pk)]
    assert answer["results"][0]["record_number"] == patient.record_number
    nothing = at_desk.get(url("search"), headers={"Accept": "application/json"}).json()
    assert nothing["results"] == []


def test_an_empty_clinic_says_what_to_do(at_desk: Client) -> None:
    assert b"No patients yet" in at_desk.get(url("list")).content


def test_the_list_costs_the_same_with_many(at_desk: Client, clinic: Clinic) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            at_desk.get(url("list"))
        return len(queries)

    screened(PatientFactory(clinic=clinic))
    few = cost()
    for _ in range(15):
        screened(PatientFactory(clinic=clinic))
    assert cost() == few
    assert few <= 9


def test_each_page_is_recorded_once(at_desk: Client, as_doctor: Client, patient: Patient) -> None:
    screening = screened(patient).screening
    for client, address in (
        (at_desk, url("list")),
        (at_desk, url("chart", patient.pk)),
        (at_desk, url("edit", patient.pk)),
        (as_doctor, url("chart", patient.pk)),
        (as_doctor, url("screening-detail", screening.pk)),
    ):
        before = reads()
        assert client.get(address).status_code == 200
        assert reads() == before + 1, address
    assert AuditEntry.objects.filter(action="read").last().patients == [patient.pk]  # type: ignore[union-attr]


def test_the_list_is_narrowed(at_desk: Client, clinic: Clinic, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("fr", "French")]
    cleared, new = PatientFactory(clinic=clinic, language="fr"), PatientFactory(clinic=clinic)
    screened(cleared, now=timezone.now())

    def shown(**asked: str) -> set[str]:
        page = at_desk.get(url("list"), asked).content.decode()
        return {one.record_number for one in (cleared, new) if one.record_number in page}

    assert shown() == {cleared.record_number, new.record_number}
    assert shown(standing="cleared") == {cleared.record_number}
    assert shown(standing="none") == {new.record_number}
    assert shown(language="fr", standing="none") == set()
    assert shown(language="fr") == {cleared.record_number}
    assert shown(standing="nonsense", language="xx") == {cleared.record_number, new.record_number}
    assert (
        "Nobody fits these filters"
        in at_desk.get(url("list"), {"standing": "stopped"}).content.decode()
    )


def test_a_filter_on_the_standing_pages(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "BATCH", 4)
    for number in range(11):
        PatientFactory(clinic=clinic, name=f"A {number:02d}", family_name="A")
    wanted = selectors.ListFilter(standing="none")
    seen: list[str] = []
    after = ""
    for _page in range(4):
        found = selectors.list_patients(clinic, wanted, TODAY, after=after, limit=3)
        seen += [one.name for one in found.page.patients]
        after = found.page.after
    assert seen == [f"A {number:02d}" for number in range(11)]
    assert after == ""
    assert [one.name for one, _ in selectors.all_patients(clinic, wanted, TODAY)] == seen


def test_the_list_as_a_file(at_desk: Client, patient: Patient, stranger: Patient) -> None:
    PatientFactory(clinic=patient.clinic, name="=1+1", phone="", alert="Latex")
    before = reads()
    answer = at_desk.get(url("export"))
    text = answer.content.decode()
    assert answer["Content-Disposition"].endswith('.csv"')
    assert "Inês Carvalho" in text
    assert "'=1+1" in text
    assert "Latex" not in text
    assert stranger.record_number not in text
    assert reads() == before
    entry = AuditEntry.objects.get(action="export")
    assert patient.pk in entry.patients
    assert len(entry.patients) == 2
    assert "=1+1" not in at_desk.get(url("export"), {"q": "ines"}).content.decode()


# --- registering ----------------------------------------------------------------------------------


def test_register(at_desk: Client, clinic: Clinic) -> None:
    assert at_desk.get(url("create"), {"name": "Pia"}).status_code == 200
    answer = at_desk.post(
        url("create"), {"name": "Pia Holm", "phone": "06 12 34 56 78", "language": "en"}
    )
    made = Patient.objects.get()
    assert answer["Location"] == url("chart", made.pk)
    assert (made.clinic_id, made.phone) == (clinic.pk, "+33612345678")


def test_mistakes_keep_what_was_typed(at_desk: Client) -> None:
    page = at_desk.post(
        url("create"),
        {"name": "", "phone": "call me", "email": "nope", "alert": "Deaf", "language": "en"},
    )
    assert page.status_code == 422
    text = page.content.decode()
    for words in ("call me", "nope", "Deaf", "not a phone number"):
        assert words in text
    assert not Patient.objects.exists()


def test_somebody_alike_is_offered_before_saving(at_desk: Client, patient: Patient) -> None:
    data = {"name": "Ines Carvallo", "birth_date": "1984-05-17", "language": "en"}
    page = at_desk.post(url("create"), data)
    assert page.status_code == 422
    assert url("chart", patient.pk) in page.content.decode()
    done = at_desk.post(url("create"), {**data, "accept_duplicate": "1"})
    assert done.status_code == 302
    assert Patient.objects.count() == 2


def test_the_desk_edits_identity_and_leaves_clinical_fields_alone(
    at_desk: Client, as_doctor: Client, patient: Patient
) -> None:
    Patient.objects.update(notes="Private", phototype=2)
    form = at_desk.get(url("edit", patient.pk)).content.decode()
    assert "Private" not in form
    assert "phototype" not in form
    assert "Private" in as_doctor.get(url("edit", patient.pk)).content.decode()
    answer = at_desk.post(
        url("edit", patient.pk), {"name": "Inês C.", "language": "en", "notes": "hacked"}
    )
    assert answer.status_code == 302
    patient.refresh_from_db()
    assert (patient.name, patient.notes, patient.phototype) == ("Inês C.", "Private", 2)


# --- chart ----------------------------------------------------------------------------------------


def test_the_desk_sees_alert_and_outcome_only(
    at_desk: Client, as_doctor: Client, manager: Membership, client_for: SignIn, patient: Patient
) -> None:
    Patient.objects.update(alert="Faints", notes="Private")
    MedicineFactory(patient=patient)
    AllergyFactory(patient=patient, text="Salmon")
    screened(patient, keloid="yes")
    secrets = ("Warfarin", "Salmon", "Private", "thick scars")
    for client in (at_desk, client_for(manager)):
        page = client.get(url("chart", patient.pk)).content.decode()
        assert "Faints" in page
        assert "Review" in page
        assert [secret for secret in secrets if secret in page] == []
    full = as_doctor.get(url("chart", patient.pk)).content.decode()
    assert [secret for secret in secrets[:3] if secret not in full] == []


def test_the_dead_are_shown_as_such(as_doctor: Client, patient: Patient) -> None:
    Patient.objects.update(deceased_on="2026-01-02")
    page = as_doctor.get(url("chart", patient.pk)).content.decode()
    assert "This patient has died" in page
    assert url("screening-start", patient.pk) not in page


def test_the_chart_costs_the_same_with_a_long_history(
    as_doctor: Client, clinic: Clinic, practitioner: Membership
) -> None:
    short, long = PatientFactory(clinic=clinic), PatientFactory(clinic=clinic)
    for _ in range(12):
        MedicineFactory(patient=long, text=f"Medicine {_}")
        ConditionFactory(patient=long, text=f"Condition {_}")
        AllergyFactory(patient=long, text=f"Allergy {_}")
        screened(long, keloid="yes")
    screened(short, keloid="yes")

    def cost(patient: Patient) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_doctor.get(url("chart", patient.pk)).status_code == 200
        return len(queries)

    assert cost(long) == cost(short)


def test_upper_apps_add_panels_and_entries(
    as_doctor: Client, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "_panels", {})
    monkeypatch.setattr(panels, "_sources", {})
    monkeypatch.setattr(panels, "_actions", {})
    monkeypatch.setattr(panels, "_kinds", {})

    def load(clinic: Clinic, actor: Actor, shown: Patient, now: Any) -> dict[str, object] | None:
        return {"title": "From above", "text": shown.name} if actor.role == "practitioner" else None

    def entries(*_: Any, limit: int) -> list[panels.TimelineEntry]:
        return [panels.TimelineEntry(at=patient.created_at, kind="x", title="An entry")]

    def actions(*_: Any) -> list[panels.ChartAction]:
        return [panels.ChartAction(label="Do it", url="/do-it/", primary=True)]

    panels.register("above", load, "_components/empty.html", 10)
    panels.register_timeline(entries, {"x": "Things"})
    panels.register_actions(actions)
    page = as_doctor.get(url("chart", patient.pk)).content.decode()
    for words in ("From above", "An entry", "/do-it/"):
        assert words in page


def test_the_time_line_shows_thirty_and_goes_on(as_doctor: Client, patient: Patient) -> None:
    """500 entries: the page costs the same, and every entry can be reached."""
    day = dt.timedelta(days=1)

    def cost(address: str) -> tuple[int, str]:
        with CaptureQueriesContext(connection) as queries:
            page = as_doctor.get(address, headers={"HX-Request": "true"}).content.decode()
        return len(queries), page

    where = url("timeline", patient.pk)
    few, _ = cost(where)
    result = screened(patient)
    ScreeningConfirmation.objects.bulk_create(
        ScreeningConfirmation(
            clinic=patient.clinic, patient=patient, screening=result.screening,
            confirmed_at=NOW + day * number, confirmed_by=f"Nurse {number}", created_at=NOW,
        )
        for number in range(500)
    )  # fmt: skip
    many, page = cost(where)
    assert many <= few + 2  # results and decisions are read where there is a screening
    assert page.count("timeline-item") == 30
    assert "Nurse 499" in page
    assert "Nurse 469" not in page
    _, older = cost(f"{where}?from=30")
    assert "Nurse 469" in older
    assert "<section" not in older
    last, end = cost(f"{where}?from=480")
    assert last == many
    assert "Show older" not in end
    whole = as_doctor.get(f"{url('chart', patient.pk)}?from=30").content.decode()
    assert whole.count("timeline-item") == 60


def test_the_time_line_is_filtered_by_kind(as_doctor: Client, patient: Patient) -> None:
    screened(patient)
    page = as_doctor.get(f"{url('chart', patient.pk)}?kind=patient").content.decode()
    assert page.count("timeline-item") == 1
    assert 'id="kind-screening"' in page
    assert (
        "Nothing of this kind"
        in as_doctor.get(f"{url('chart', patient.pk)}?kind=no").content.decode()
    )


def test_safety_comes_before_the_time_line(as_doctor: Client, patient: Patient) -> None:
    page = as_doctor.get(url("chart", patient.pk)).content.decode()
    assert page.index('id="safety-title"') < page.index('id="timeline-title"')


# --- safety record --------------------------------------------------------------------------------


def test_adding_changing_and_ending(as_doctor: Client, patient: Patient) -> None:
    seeded(patient.clinic)
    where = url("fact-add", patient.pk, "medicine")
    assert as_doctor.get(where).status_code == 200
    assert as_doctor.post(where, {"text": ""}).status_code == 422
    assert as_doctor.post(where, {"text": "Aspirin", "since": "2026-01-01"}).status_code == 302
    fact = Medicine.objects.get()
    edit = url("fact-edit", patient.pk, "medicine", fact.pk)
    assert "Aspirin" in as_doctor.get(edit).content.decode()
    bad = as_doctor.post(edit, {"text": "Aspirin", "since": "2026-01-02", "until": "2026-01-01"})
    assert bad.status_code == 422
    as_doctor.post(edit, {"text": "Aspirin 100", "since": "2026-01-01"})
    as_doctor.post(url("fact-end", patient.pk, "medicine", fact.pk))
    fact.refresh_from_db()
    assert (fact.text, fact.is_active) == ("Aspirin 100", False)
    assert as_doctor.get(url("fact-add", patient.pk, "nonsense")).status_code == 404


def test_an_imported_fact_is_ended_not_rewritten(as_doctor: Client, patient: Patient) -> None:
    fact = AllergyFactory(patient=patient, source="import", source_ref="x")
    edit = url("fact-edit", patient.pk, "allergy", fact.pk)
    assert b"This was imported" in as_doctor.get(edit).content
    changed = as_doctor.post(
        edit, {"text": "Nothing", "severity": "mild", "certainty": "confirmed"}
    )
    assert changed.status_code == 422
    assert Allergy.objects.get().text == "Fish"


def test_the_record_of_another_patient_is_not_reached(
    as_doctor: Client, patient: Patient, stranger: Patient
) -> None:
    other = AllergyFactory(patient=stranger)
    for kind_of in ("fact-edit", "fact-end"):
        for owner in (patient, stranger):
            address = url(kind_of, owner.pk, "allergy", other.pk)
            assert as_doctor.post(address, {"text": "x"}).status_code == 404


# --- screening at the desk ------------------------------------------------------------------------


def go_through(client: Client, draft: Screening, **changed: object) -> Any:
    questionnaire = draft.questionnaire
    answers = good_answers(questionnaire, **changed)
    spec = services.questionnaire_spec(questionnaire)
    where = url("screening-fill", draft.pk)
    for step, section in enumerate(spec.sections, start=1):
        assert client.get(f"{where}?step={step}").status_code == 200
        data: dict[str, Any] = {"asked": [one.key for one in section.questions], "go": "next"}
        for question in section.questions:
            value = answers.get(question.key)
            if isinstance(value, list):
                value = [one["name"] if isinstance(one, dict) else one for one in value]
            if value is not None:
                data[question.key] = value
        assert client.post(f"{where}?step={step}", data).status_code == 302
    last = f"{where}?step={len(spec.sections) + 1}"
    assert client.get(last).status_code == 200
    return client.post(last, {"signed_name": "Inês Carvalho"})


def test_the_desk_screens_and_sees_the_outcome_only(
    at_desk: Client, patient: Patient, questionnaire: Questionnaire
) -> None:
    MedicineFactory(patient=patient)
    assert at_desk.get(url("screening-start", patient.pk)).status_code == 200
    at_desk.post(url("screening-start", patient.pk))
    draft = Screening.objects.get()
    fill = at_desk.get(f"{url('screening-fill', draft.pk)}?step=5").content.decode()
    assert "Warfarin 5 mg" not in fill
    # The patient holds the tablet: no navigation, no search, one way back for staff.
    assert "find-input" not in fill
    assert f'"{url("list")}"' not in fill
    assert url("chart", patient.pk) in fill
    done = go_through(at_desk, draft)
    assert done["Location"] == url("screening-done", draft.pk)
    thanks = at_desk.get(done["Location"]).content.decode()
    assert url("chart", patient.pk) in thanks
    assert at_desk.get(url("screening-detail", draft.pk)).status_code == 403
    assert "Review" in at_desk.get(url("chart", patient.pk)).content.decode()


def test_a_practitioner_sees_hints_findings_and_decides(
    as_doctor: Client, patient: Patient, questionnaire: Questionnaire
) -> None:
    MedicineFactory(patient=patient)
    as_doctor.post(url("screening-start", patient.pk))
    draft = Screening.objects.get()
    fill = as_doctor.get(f"{url('screening-fill', draft.pk)}?step=5").content.decode()
    assert "Warfarin 5 mg" in fill
    done = go_through(as_doctor, draft)
    thanks = as_doctor.get(done["Location"]).content.decode()
    assert "Warfarin" not in thanks
    assert url("screening-detail", draft.pk) in thanks
    page = as_doctor.get(url("screening-detail", draft.pk)).content.decode()
    assert "The record says “Warfarin 5 mg”" in page
    decide = url("screening-decide", draft.pk)
    refused = as_doctor.post(decide, {"decision": "conditions", "reason": "Talked"})
    assert refused.status_code == 422
    assert "Talked" in refused.content.decode()
    as_doctor.post(decide, {"decision": "treat", "reason": "INR is fine"})
    assert "INR is fine" in as_doctor.get(url("screening-detail", draft.pk)).content.decode()
    assert "Treat" in as_doctor.get(url("chart", patient.pk)).content.decode()


def test_an_absolute_finding_offers_no_way_to_treat(as_doctor: Client, patient: Patient) -> None:
    screening = screened(patient, stroke="yes").screening
    page = as_doctor.get(url("screening-detail", screening.pk)).content.decode()
    assert 'value="defer"' in page
    assert 'value="treat"' not in page
    forced = as_doctor.post(
        url("screening-decide", screening.pk), {"decision": "treat", "reason": "I insist"}
    )
    assert forced.status_code == 422


def test_missing_answers_stop_at_their_section(at_desk: Client, patient: Patient) -> None:
    draft = draft_for(patient)
    where = f"{url('screening-fill', draft.pk)}?step=1"
    page = at_desk.post(where, {"asked": ["pregnancy", "breastfeeding"], "go": "next"})
    assert page.status_code == 422
    back = at_desk.post(where.replace("step=1", "step=2"), {"asked": [], "go": "back"})
    assert back["Location"].endswith("?step=1")
    last = len(services.questionnaire_spec(draft.questionnaire).sections) + 1
    signed = at_desk.post(where.replace("step=1", f"step={last}"), {"signed_name": "x"})
    assert signed.status_code == 422
    assert b"Some questions still need an answer" in signed.content


def test_a_draft_the_desk_may_not_see_is_closed_to_it(
    at_desk: Client, as_doctor: Client, patient: Patient
) -> None:
    screened(patient)
    as_doctor.post(url("screening-start", patient.pk), {"prefill": "1"})
    draft = Screening.objects.get(submitted_at=None)
    assert draft.prefilled_from is not None
    assert at_desk.get(url("screening-fill", draft.pk)).status_code == 403
    assert at_desk.post(url("screening-start", patient.pk)).status_code == 403
    assert at_desk.post(url("screening-discard", draft.pk)).status_code == 403
    assert as_doctor.post(url("screening-discard", draft.pk)).status_code == 302


def test_confirm_and_invite(at_desk: Client, patient: Patient) -> None:
    refused = at_desk.post(url("screening-confirm", patient.pk))
    assert refused.status_code == 409
    screened(patient)
    assert at_desk.post(url("screening-confirm", patient.pk)).status_code in {302, 409}
    assert at_desk.post(url("screening-invite", patient.pk)).status_code == 302
    assert b"Link sent" in at_desk.get(url("chart", patient.pk)).content
