"""The list of patients, and registering somebody: what is found, kept and recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic
from patients import selectors
from patients.models import (
    Patient,
)
from patients.selectors import listing
from tests.factories.patients import (
    TODAY,
    PatientFactory,
    screened,
)
from tests.integration.patients.looking import reads, url

pytestmark = pytest.mark.django_db


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


def test_a_page_left_behind_takes_nobodys_change_away_unseen(
    at_desk: Client, patient: Patient
) -> None:
    left_behind = at_desk.get(url("edit", patient.pk)).context["seen"]
    Patient.objects.filter(pk=patient.pk).update(phone="+33611223344")
    typed = {"name": "Inês C.", "language": "en", "phone": "", "seen": left_behind}
    told = at_desk.post(url("edit", patient.pk), typed)
    assert told.status_code == 422
    assert "changed in the meantime" in told.content.decode()
    assert 'value="Inês C."' in told.content.decode()
    patient.refresh_from_db()
    assert patient.phone == "+33611223344"
    meant = at_desk.post(url("edit", patient.pk), {**typed, "seen": told.context["seen"]})
    assert meant.status_code == 302
