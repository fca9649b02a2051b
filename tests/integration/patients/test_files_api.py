"""Photographs and documents over the API."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.models import Membership
from patients.models import Patient
from tests.factories import files as made
from tests.factories.clinic import ApiTokenFactory
from tests.integration.patients.pictures import form_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def test_the_api_keeps_lists_relabels_and_withdraws(
    patient: Patient, practitioner: Membership
) -> None:
    client = Client()
    secret = ApiTokenFactory(membership=practitioner).secret
    headers = {"authorization": f"Bearer {secret}"}
    body = {"patient": str(patient.pk), "area": "face", "file": form_file(made.camera_jpeg())}

    created = client.post(reverse("api-file-list"), body, headers=headers)
    body["file"] = form_file(made.camera_jpeg())
    again = client.post(reverse("api-file-list"), body, headers=headers)
    listed = client.get(reverse("api-file-list"), {"patient": str(patient.pk)}, headers=headers)

    assert (created.status_code, again.status_code) == (201, 200)
    assert created.json()["id"] == again.json()["id"] == listed.json()["results"][0]["id"]
    assert "stored_name" not in created.json()
    url = reverse("api-file-detail", args=[created.json()["id"]])
    changed = client.patch(url, {"view": "left"}, content_type="application/json", headers=headers)
    assert (changed.json()["view"], changed.json()["area"]) == ("left", "face")
    content = client.get(created.json()["content"], headers=headers)
    assert content["Content-Type"] == "image/jpeg"
    assert b"".join(content).startswith(b"\xff\xd8")
    gone = client.post(
        f"{url}withdraw/", {"reason": "Blurred"}, content_type="application/json", headers=headers
    )
    assert gone.status_code == 204
    assert client.get(url, headers=headers).status_code == 404


def test_the_api_says_what_is_wrong(patient: Patient, practitioner: Membership) -> None:
    secret = ApiTokenFactory(membership=practitioner).secret
    body = {"patient": str(patient.pk), "file": form_file(made.bomb(), "x.png")}

    answer = Client().post(
        reverse("api-file-list"), body, headers={"authorization": f"Bearer {secret}"}
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "too_many_pixels"
    assert answer.json()["field"] == "files"
