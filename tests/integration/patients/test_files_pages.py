"""The pages of photographs and documents: who sees them, and what the browser may do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Membership
from patients import panels
from patients.models import Patient, PatientFile
from patients.selectors import gallery, pair_to_compare, photographs_of
from patients.selectors.files import file_entries
from patients.services import (
    MAX_FILES,
    vault,
)
from tests.factories import files as made
from tests.factories.patients import NOW
from tests.integration.patients.pictures import form_file, sent, stored_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]

ClientFor = Callable[..., Client]
ActorOf = Callable[[Membership], Actor]


def test_several_at_once_each_for_itself(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    files = [form_file(made.png()), form_file(made.HEIC, "IMG_1.HEIC"), form_file(made.jpeg())]

    answer = sent(client, patient, *files, area="cheeks", view="left")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 files are kept." in page
    assert "IMG_1.HEIC: This is a HEIC photograph" in page
    assert '<option value="cheeks" selected>' in page  # what was chosen stays
    rows = PatientFile.objects.filter(patient=patient)
    assert {(row.area, row.view, row.uploaded_by) for row in rows} == {
        ("cheeks", "left", practitioner.staff)
    }


def test_a_click_twice_keeps_one(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    for _ in range(2):
        answer = sent(client, patient, form_file(made.jpeg()))
        assert answer.status_code == 302

    page = client.get(answer["Location"]).content.decode()
    assert "1 file was there already." in page
    assert PatientFile.objects.count() == 1


def test_a_script_gets_json(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    good = sent(client, patient, form_file(made.jpeg()), accept="application/json")
    bad = sent(client, patient, form_file(made.SVG, "x.svg"), accept="application/json")
    none = sent(client, patient, accept="application/json")

    assert good.json() == {"kept": [{"id": str(PatientFile.objects.get().pk), "known": False}]}
    assert bad.status_code == 422
    assert "programs" in bad.json()["errors"][0]
    assert none.json() == {"errors": ["Choose at least one file."]}


def test_limits_of_a_form(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    many = [form_file(made.PDF, f"{n}.pdf") for n in range(MAX_FILES + 1)]
    large = form_file(made.jpeg() + bytes(26 * 1024 * 1024))

    assert "Send at most 20 files" in sent(client, patient, *many).content.decode()
    assert "more than 25 MB" in sent(client, patient, large).content.decode()
    assert not PatientFile.objects.exists()


def test_a_body_beyond_all_measure_is_not_kept_anywhere(
    patient: Patient, practitioner: Membership, client_for: ClientFor, settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000

    assert sent(client_for(practitioner), patient, form_file(made.jpeg())).status_code == 400
    assert sent(Client(), patient, form_file(made.jpeg())).status_code in {302, 400}
    assert not PatientFile.objects.exists()


def test_the_gallery_groups_by_area_and_view(
    patient: Patient,
    practitioner: Membership,
    client_for: ClientFor,
    django_assert_max_num_queries: Any,
) -> None:
    client = client_for(practitioner)
    for number, view in enumerate(("front", "front", "left", "")):
        made.photograph(
            patient, made.jpeg(made.drawn((100 + number, 100))),
            labels={"area": "face", "view": view}, now=NOW + dt.timedelta(days=number),
        )  # fmt: skip
    made.photograph(patient, made.png(), labels={"area": "own_area"}, now=NOW)
    made.kept(patient, made.PDF, name="Letter.pdf")
    url = reverse("patients:files", args=[patient.pk])
    client.get(url)

    with django_assert_max_num_queries(12):
        page = client.get(url).content.decode()

    shown = gallery(patient)
    assert [(area.label, area.count) for area in shown.areas] == [("Face", 4), ("Own area", 1)]
    assert [view.label for view in shown.areas[0].views] == ["Front", "Left", ""]
    front = shown.areas[0].views[0]
    assert front.last.taken_at > front.first.taken_at
    assert f"before={front.first.pk}&amp;after={front.last.pk}" in page
    assert "Letter" in page


def test_the_pair_to_compare(patient: Patient) -> None:
    def one(number: int, view: str) -> PatientFile:
        return made.photograph(
            patient, made.jpeg(made.drawn((90 + number, 90))),
            labels={"area": "face", "view": view}, now=NOW + dt.timedelta(days=number),
        )  # fmt: skip

    assert pair_to_compare([], None, None) is None
    first, left, middle, last = one(0, "front"), one(1, "left"), one(2, "front"), one(3, "front")
    rows = photographs_of(patient)

    assert pair_to_compare(rows, None, None) == (first, last)
    assert pair_to_compare(rows, None, middle.pk) == (first, middle)
    assert pair_to_compare(rows, middle.pk, None) == (middle, last)
    assert pair_to_compare(rows, left.pk, last.pk) == (left, last)
    assert pair_to_compare(rows, last.pk, left.pk) == (last, left)
    assert pair_to_compare(rows, None, first.pk) == (first, middle)
    assert pair_to_compare([left], None, None) is None


def test_the_bytes_come_with_every_guard(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    file = made.photograph(patient)

    whole = client.get(reverse("patients:file-content", args=[file.pk]))
    small = client.get(reverse("patients:file-thumbnail", args=[file.pk]))

    assert b"".join(whole) == stored_bytes(file)
    assert b"".join(small) == vault.path_of(file.thumbnail_name).read_bytes()
    for answer in (whole, small):
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert answer["Content-Disposition"] == 'inline; filename="photograph-2026-03-10.jpg"'


def test_a_document_is_a_download(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    file = made.photograph(patient, made.PDF, name="HIV test.pdf")

    answer = client_for(practitioner).get(reverse("patients:file-content", args=[file.pk]))

    assert answer["Content-Disposition"] == 'attachment; filename="document-2026-03-10.pdf"'
    assert b"".join(answer) == made.PDF


def test_nginx_sends_the_bytes_where_it_stands_in_front(
    patient: Patient, practitioner: Membership, client_for: ClientFor, settings: Any
) -> None:
    settings.MEDIA_ACCEL_PREFIX = "/private-media/"
    file = made.photograph(patient)

    answer = client_for(practitioner).get(reverse("patients:file-content", args=[file.pk]))

    assert answer["X-Accel-Redirect"] == f"/private-media/patients/{file.stored_name}"
    assert answer.content == b""
    assert answer["Content-Type"] == "image/jpeg"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_every_look_is_recorded(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    file = made.photograph(patient)
    looks = {
        "gallery": reverse("patients:files", args=[patient.pk]),
        "compare": reverse("patients:files-compare", args=[patient.pk]),
        "detail": reverse("patients:file", args=[file.pk]),
        "content": reverse("patients:file-content", args=[file.pk]),
        "thumbnail": reverse("patients:file-thumbnail", args=[file.pk]),
    }
    for url in looks.values():
        answer = client.get(url)
        assert answer.status_code == 200
        b"".join(answer)

    rows = AuditEntry.objects.filter(model="patients.patientfile", action="read")
    assert sorted(rows.values_list("reason", flat=True)) == sorted(looks)
    assert {tuple(row.patients) for row in rows} == {(patient.pk,)}
    assert rows.get(reason="content").object_id == str(file.pk)
    assert AuditEntry.objects.filter(model="patients.patientfile", action="insert").count() == 1


def test_who_must_not_see(
    patient: Patient,
    receptionist: Membership,
    manager: Membership,
    other_practitioner: Membership,
    client_for: ClientFor,
) -> None:
    file = made.photograph(patient)
    urls = [
        reverse("patients:files", args=[patient.pk]),
        *(reverse(f"patients:{name}", args=[file.pk])
          for name in ("file", "file-content", "file-thumbnail")),
        reverse("api-file-content", args=[file.pk]),
    ]  # fmt: skip

    for url in urls:
        assert client_for(receptionist).get(url).status_code == 403
        assert client_for(manager).get(url).status_code == 403
        assert client_for(other_practitioner).get(url).status_code == 404
        assert client_for(None).get(url).status_code in {302, 401}
    assert client_for(receptionist).get(f"/media/patients/{file.stored_name}").status_code == 404


def test_withdrawn_and_lost_files_are_not_there(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    file, lost = made.photograph(patient), made.photograph(patient, made.png())
    page = reverse("patients:file-withdraw", args=[file.pk])
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "Another patient"}).status_code == 302
    vault.remove(lost.stored_name)

    for url in (
        reverse("patients:file", args=[file.pk]),
        reverse("patients:file-content", args=[file.pk]),
        reverse("patients:file-content", args=[lost.pk]),
    ):
        assert client.get(url).status_code == 404
    listed = client.get(reverse("patients:files", args=[patient.pk])).content.decode()
    assert "Another patient" in listed
    assert str(file.pk) not in listed


def test_labels_on_the_page(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    file = made.photograph(patient, labels={"area": "own_area"})
    url = reverse("patients:file", args=[file.pk])
    assert '<option value="own_area" selected>' in client.get(url).content.decode()

    refused = client.post(url, {"area": "own_area", "taken_on": "2999-01-01"})
    saved = client.post(url, {"area": "own_area", "view": "left", "taken_on": "2026-03-01"})

    assert "still to come" in refused.content.decode()
    assert saved.status_code == 302
    file.refresh_from_db()
    assert (file.area, file.view) == ("own_area", "left")


def test_the_chart_shows_them_to_practitioners(
    patient: Patient,
    practitioner: Membership,
    receptionist: Membership,
    actor_of: ActorOf,
    client_for: ClientFor,
) -> None:
    made.photograph(patient)
    made.photograph(patient, made.png(), labels={"area": "neck"})
    made.kept(patient, made.PDF, name="Letter.pdf")

    page = client_for(practitioner).get(reverse("patients:chart", args=[patient.pk]))
    hidden = client_for(receptionist).get(reverse("patients:chart", args=[patient.pk]))

    assert "2 photographs" in page.content.decode()
    assert "Letter" not in hidden.content.decode()
    assert reverse("patients:files", args=[patient.pk]) not in hidden.content.decode()
    entries = list(file_entries(patient.clinic, actor_of(practitioner), patient, NOW, limit=10))
    assert sorted((one.title, one.detail) for one in entries) == [
        ("2 photographs", "Neck, Face"),
        ("Letter", "Document"),
    ]
    assert not list(file_entries(patient.clinic, actor_of(receptionist), patient, NOW, limit=10))
    assert file_entries in panels._sources.values()
