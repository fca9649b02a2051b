"""The API of duplicates, contact, mailed questionnaires, and a person's rights over their data."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from aftercare.models import Message
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Membership
from patients.models import Patient, PatientMerge
from tests.factories.aftercare import step
from tests.factories.patients import AllergyFactory, PatientFactory, seeded
from tests.integration.patients.calling import Api

pytestmark = pytest.mark.django_db


def test_a_double_is_found_merged_and_parted(
    desk_api: Api, doctor_api: Api, patient: Patient
) -> None:
    double = PatientFactory(
        clinic=patient.clinic, name="Ines Carvalho", birth_date=patient.birth_date
    )
    (pair,) = desk_api.get("/duplicates/").json()
    assert {pair["first"]["id"], pair["second"]["id"]} == {str(patient.pk), str(double.pk)}
    assert pair["same_birth_date"] is True

    body = {"keep": str(patient.pk), "drop": str(double.pk)}
    assert desk_api.post("/merges/", **body).status_code == 403
    merge = doctor_api.post("/merges/", **body).json()
    assert (merge["kept"], merge["dropped"]) == (str(patient.pk), str(double.pk))
    assert doctor_api.get(f"/patients/{double.pk}/").status_code == 404
    for query in ({}, {"patient": str(patient.pk)}):
        assert doctor_api.get("/merges/", **query).json()["results"] == [merge]
    assert doctor_api.get(f"/merges/{merge['id']}/").json() == merge

    undone = doctor_api.post(f"/merges/{merge['id']}/undo/").json()
    assert undone["undone_at"]
    assert doctor_api.get(f"/patients/{double.pk}/").status_code == 200
    refused = doctor_api.post(f"/merges/{merge['id']}/undo/")
    assert (refused.status_code, refused.json()["code"]) == (409, "merge_not_undoable")


def test_nobody_is_merged_with_themselves_or_with_another_clinic(
    doctor_api: Api, patient: Patient, stranger: Patient
) -> None:
    same = doctor_api.post("/merges/", keep=str(patient.pk), drop=str(patient.pk))
    assert (same.status_code, same.json()["code"]) == (409, "merge_refused")
    other = doctor_api.post("/merges/", keep=str(patient.pk), drop=str(stranger.pk))
    assert other.status_code == 404
    assert not PatientMerge.objects.exists()


def test_contact_wishes(desk_api: Api, patient: Patient) -> None:
    path = f"/patients/{patient.pk}/contact-preferences/"
    before = desk_api.get(path).json()
    assert {one["allowed"] for one in before} == {True}
    no_news = {"channel": "email", "purpose": "news", "allowed": False}
    after = desk_api.put(path, [no_news]).json()
    assert no_news in after
    assert [one for one in after if not one["allowed"]] == [no_news]
    wrong = desk_api.put(path, [{"channel": "pigeon", "purpose": "news", "allowed": True}])
    assert wrong.status_code == 400
    assert desk_api.put(path, {"channel": "email"}).status_code == 400
    assert desk_api.get(path).json() == after


def test_restricting_and_using_again(desk_api: Api, doctor_api: Api, patient: Patient) -> None:
    path = f"/patients/{patient.pk}/"
    assert desk_api.post(f"{path}restrict/", reason="x").status_code == 403
    assert doctor_api.post(f"{path}restrict/", reason=" ").status_code == 400
    restricted = doctor_api.post(f"{path}restrict/", reason="Says it is wrong").json()
    assert restricted["restricted_at"]
    refused = desk_api.post("/invitations/", patient=str(patient.pk))
    assert (refused.status_code, refused.json()["code"]) == (409, "patient_closed")
    assert doctor_api.post(f"{path}lift/").json()["restricted_at"] is None


def test_everything_is_handed_out_then_forgotten(
    desk_api: Api, doctor_api: Api, patient: Patient
) -> None:
    AllergyFactory(patient=patient, text="Salmon")
    path = f"/patients/{patient.pk}/"
    assert desk_api.get(f"{path}export/").status_code == 403
    handed = doctor_api.get(f"{path}export/")
    with zipfile.ZipFile(BytesIO(b"".join(handed.streaming_content))) as archive:
        assert "Salmon" in archive.read("record.json").decode()
    assert AuditEntry.objects.filter(action="export", patients__contains=[patient.pk]).exists()

    plan = doctor_api.get(f"{path}erasure-plan/").json()
    assert plan["kept_until"] is None
    assert {"what": "allergies", "count": 1} in plan["goes"]
    slip = doctor_api.post(f"{path}erase/", record_number="P-99999")
    assert (slip.status_code, slip.json()["field"]) == (400, "record_number")
    erased = doctor_api.post(f"{path}erase/", record_number=patient.record_number)
    assert erased.json()["record_number"] == patient.record_number
    assert doctor_api.get(path).status_code == 404
    assert doctor_api.get("/closed-records/").json() == []


def test_what_the_law_keeps_is_listed_and_handed_out(doctor_api: Api, patient: Patient) -> None:
    Patient.objects.update(erased_at="2026-03-01T10:00Z", kept_until="2046-03-01")
    (closed,) = doctor_api.get("/closed-records/").json()
    assert (closed["id"], closed["kept_until"]) == (str(patient.pk), "2046-03-01")
    handed = doctor_api.get(f"/closed-records/{patient.pk}/export/")
    with zipfile.ZipFile(BytesIO(b"".join(handed.streaming_content))) as archive:
        assert "record.pdf" in archive.namelist()


def test_a_questionnaire_is_mailed_again_and_withdrawn(
    desk_api: Api, patient: Patient, other_practitioner: Membership
) -> None:
    seeded(patient.clinic)
    step(patient.clinic)
    first = desk_api.post("/invitations/", patient=str(patient.pk)).json()
    assert first["state"] == "sent"
    assert first.keys().isdisjoint({"token", "digest"})
    again = desk_api.post(f"/invitations/{first['id']}/resend/")
    assert again.status_code == 201
    states = {one["id"]: one["state"] for one in desk_api.get(
        "/invitations/", patient=str(patient.pk)).json()}  # fmt: skip
    assert states == {first["id"]: "ended", again.json()["id"]: "sent"}
    path = f"/invitations/{again.json()['id']}/"
    assert Api(other_practitioner).post(f"{path}withdraw/").status_code == 404

    ended = desk_api.post(f"{path}withdraw/").json()
    assert (ended["state"], bool(ended["revoked_at"])) == ("ended", True)
    assert desk_api.get(path).json()["state"] == "ended"
    assert set(Message.objects.values_list("state", flat=True)) == {"skipped"}
    twice = desk_api.post(f"{path}withdraw/")
    assert (twice.status_code, twice.json()["code"]) == (409, "invitation_ended")


def test_without_an_address_nothing_is_mailed(desk_api: Api, patient: Patient) -> None:
    Patient.objects.update(email="")
    refused = desk_api.post("/invitations/", patient=str(patient.pk))
    assert (refused.status_code, refused.json()["code"]) == (409, "no_email")
