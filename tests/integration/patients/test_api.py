"""The API: the same walls between roles and clinics as the pages."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mesoclinic.clinic.models import Membership
from patients.models import ImportRun, Patient, Questionnaire, Screening
from tests.factories.patients import AllergyFactory, good_answers, screened, seeded
from tests.integration.patients.calling import API, Api

pytestmark = pytest.mark.django_db

BUNDLE = Path(__file__).resolve().parents[2] / "fixtures" / "fhir" / "ines.json"


def test_register_find_and_change(desk_api: Api) -> None:
    made = desk_api.post("/patients/", name="Noémie Faure", phone="06 12 34 56 78")
    assert made.status_code == 201, made.json()
    body = made.json()
    assert (body["record_number"], body["phone"]) == ("P-00001", "+33612345678")
    found = desk_api.get("/patients/", q="noemie").json()
    assert [row["id"] for row in found["results"]] == [body["id"]]
    changed = desk_api.patch(f"/patients/{body['id']}/", alert="Deaf")
    assert (changed.json()["alert"], changed.json()["name"]) == ("Deaf", "Noémie Faure")
    again = desk_api.post("/patients/", name="Somebody", phone="0612345678")
    assert again.status_code == 409
    assert again.json()["code"] == "possible_duplicate"
    anyway = desk_api.post("/patients/", name="Somebody", phone="0612345678", accept_duplicate=True)
    assert anyway.status_code == 201


def test_mistakes_name_their_field(desk_api: Api) -> None:
    assert desk_api.post("/patients/", name="").json().keys() == {"name"}
    refused = desk_api.post("/patients/", name="X Y", phone="call me")
    assert refused.status_code == 400
    assert refused.json()["field"] == "phone"


def test_the_desk_gets_and_sets_no_clinical_fields(
    desk_api: Api, doctor_api: Api, patient: Patient
) -> None:
    Patient.objects.update(notes="Private")
    path = f"/patients/{patient.pk}/"
    assert "notes" not in desk_api.get(path).json()
    assert doctor_api.get(path).json()["notes"] == "Private"
    desk_api.patch(path, notes="hacked", name="Inês C.")
    patient.refresh_from_db()
    assert (patient.name, patient.notes) == ("Inês C.", "Private")


def test_the_safety_record(
    doctor_api: Api, desk_api: Api, patient: Patient, questionnaire: Questionnaire
) -> None:
    made = doctor_api.post("/allergies/", patient=str(patient.pk), text="Salmon", severity="severe")
    assert made.status_code == 201, made.json()
    path = f"/allergies/{made.json()['id']}/"
    assert "allergen:fish" in made.json()["tags"]
    assert doctor_api.patch(path, reaction="Hives").json()["reaction"] == "Hives"
    listed = doctor_api.get("/allergies/", patient=str(patient.pk)).json()
    assert [row["text"] for row in listed] == ["Salmon"]
    assert doctor_api.post(f"{path}end/").json()["is_active"] is False
    for answer in (desk_api.get(path), desk_api.get("/allergies/", patient=str(patient.pk))):
        assert answer.status_code == 403
    imported = AllergyFactory(patient=patient, source="import")
    assert doctor_api.patch(f"/allergies/{imported.pk}/", text="x").status_code == 409
    for kind in ("medicines", "conditions"):
        added = doctor_api.post(f"/{kind}/", patient=str(patient.pk), text="Something")
        assert doctor_api.get(f"/{kind}/{added.json()['id']}/").json()["text"] == "Something"


def test_a_screening_from_start_to_decision(
    desk_api: Api, doctor_api: Api, patient: Patient, questionnaire: Questionnaire
) -> None:
    begun = desk_api.post("/screenings/", patient=str(patient.pk))
    assert begun.status_code == 201
    path = f"/screenings/{begun.json()['id']}/"
    wrong = desk_api.post(f"{path}answers/", answers={"stroke": "perhaps"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "stroke")
    early = desk_api.post(f"{path}submit/")
    assert (early.status_code, early.json()["code"]) == (400, "answers_missing")
    answers = good_answers(questionnaire, keloid="yes")
    assert "answers" not in desk_api.post(f"{path}answers/", answers=answers).json()
    outcome = desk_api.post(f"{path}submit/", signed_name="Inês").json()
    assert outcome["outcome"] == "review"
    assert "findings" not in outcome
    full = doctor_api.get(f"{path}result/").json()
    assert full["findings"]
    assert desk_api.post(f"{path}decide/", decision="treat", reason="x").status_code == 403
    signed = doctor_api.post(f"{path}decide/", decision="treat", reason="Small areas")
    assert signed.status_code == 201, signed.json()
    assert doctor_api.get(path).json()["answers"]["keloid"] == "yes"
    closed = doctor_api.post(f"{path}answers/", answers={"keloid": "no"})
    assert (closed.status_code, closed.json()["code"]) == (409, "screening_submitted")
    listed = doctor_api.get("/screenings/", patient=str(patient.pk)).json()
    assert [row["id"] for row in listed["results"]] == [begun.json()["id"]]


def test_a_bundle_goes_in_and_comes_out(
    desk_api: Api, doctor_api: Api, practitioner: Membership
) -> None:
    seeded(practitioner.clinic)
    sent = json.loads(BUNDLE.read_text("utf-8"))
    (done,) = doctor_api.post("/fhir/", **sent).json()
    assert (done["created"], done["unchanged"]) == (True, False)
    assert ImportRun.objects.get().rows.count() == 1
    (again,) = doctor_api.post("/fhir/", **sent).json()
    assert (again["patient_id"], again["unchanged"]) == (done["patient_id"], True)

    path = f"/fhir/{done['patient_id']}/"
    assert desk_api.get(path).status_code == 403
    assert desk_api.post("/fhir/", **sent).status_code == 403
    kinds = [one["resource"]["resourceType"] for one in doctor_api.get(path).json()["entry"]]
    assert sorted(set(kinds)) == [
        "AllergyIntolerance", "Condition", "MedicationStatement", "Patient",
    ]  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"resourceType": "Bundle"}, {"resourceType": "Patient"}])
def test_what_is_no_bundle_is_refused_and_leaves_nothing(
    doctor_api: Api, body: dict[str, Any]
) -> None:
    refused = doctor_api.post("/fhir/", **body)
    assert refused.status_code == 400
    assert refused.json()["code"] == "bundle_unreadable"
    assert not ImportRun.objects.exists()


def test_another_clinic_finds_nothing(
    other_practitioner: Membership, patient: Patient, questionnaire: Questionnaire
) -> None:
    theirs = Api(other_practitioner)
    allergy = AllergyFactory(patient=patient)
    screening = screened(patient).screening
    for path in (
        f"/patients/{patient.pk}/", f"/allergies/{allergy.pk}/", f"/screenings/{screening.pk}/",
        f"/screenings/{screening.pk}/result/", f"/patients/{uuid.uuid4()}/", "/patients/nonsense/",
    ):  # fmt: skip
        assert theirs.get(path).status_code == 404, path
    for path in ("/allergies/", "/medicines/", "/conditions/", "/screenings/"):
        assert theirs.get(path, patient=str(patient.pk)).status_code == 404, path
        assert theirs.get(path).status_code == 404, path
    assert theirs.post("/allergies/", patient=str(patient.pk), text="x").status_code == 404
    assert theirs.post("/screenings/", patient=str(patient.pk)).status_code == 404
    assert theirs.get("/patients/", q="carvalho").json()["results"] == []


def test_nobody_without_a_clinic(outsider: Any, client_for: Any, patient: Patient) -> None:
    client = client_for(outsider)
    assert client.get(f"{API}/patients/{patient.pk}/").status_code == 403
    assert Client().get(f"{API}/patients/").status_code == 401
    assert not Screening.objects.exists()
