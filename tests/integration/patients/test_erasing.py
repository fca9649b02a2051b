"""What is held about a person is erased but for what the law keeps, or left unused."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.admin_base import ReadOnlyPatientDataAdmin
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Forbidden, Invalid
from patients import holdings, services
from patients.exceptions import BundleUnreadable, ErasureBlocked, PatientClosed
from patients.models import (
    ExternalIdentifier,
    Patient,
    PatientFile,
)
from patients.selectors import get_patient
from patients.selectors.dossier import entries_of, rows_about
from patients.services import vault
from tests.factories import aftercare, scheduling
from tests.factories.patients import (
    NOW,
    PatientFactory,
    actor_for,
    draft_for,
)
from tests.integration.patients.lives import (
    DAY,
    MARK,
    everything_stored,
    handed_out,
    live,
    somebody,
    tables,
)
from treatments.models import LotRecall

pytestmark = pytest.mark.django_db

SignIn = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def _media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def boss(practitioner: Membership) -> Actor:
    return actor_for(practitioner)


@pytest.fixture
def person(clinic: Clinic) -> Patient:
    return somebody(clinic)


# --- erasing --------------------------------------------------------------------------------------


def test_the_record_of_treatment_stays_for_its_years_and_nothing_else(
    boss: Actor, person: Patient, practitioner: Membership, clinic: Clinic
) -> None:
    live(person, practitioner)
    entries = entries_of(person)
    path = vault.path_of(PatientFile.objects.get(patient=person).stored_name)
    before = {model: rows_about(model, entries).count() for model in tables()}
    erased = services.erase_patient(actor=boss, patient=person, now=NOW)
    for model, count in before.items():
        left = rows_about(model, entries).count()
        if holdings.holding(model).fate is holdings.Fate.TREATMENT:
            assert left == count, model
        elif holdings.holding(model).erase is None:
            needed = model._meta.label == "patients.PatientLink"  # a check-in names its link
            assert left <= (count if needed else 0), model
    assert erased.kept_until == dt.date(2046, 1, 13)
    assert (erased.name, erased.birth_date) == (f"Inês {MARK}", person.birth_date)
    assert (erased.email, erased.phone, erased.address, erased.alert) == ("", "", "", "")
    assert (erased.notes, erased.guardian_name, erased.found_note) == ("", "", "")
    with pytest.raises(Exception, match="no such patient"):
        get_patient(clinic, person.pk)
    assert handed_out(boss, erased).read("record.pdf").startswith(b"%PDF")

    assert services.finish_erasures(now=NOW) == 0
    long_after = dt.datetime(2046, 1, 15, tzinfo=dt.UTC)
    assert services.finish_erasures(now=long_after) == 1
    assert MARK not in everything_stored()
    assert MARK.lower() not in everything_stored()
    assert services.finish_erasures(now=long_after) == 0
    assert path.exists()  # until the transaction is through


def test_what_the_law_keeps_is_on_no_everyday_page(
    boss: Actor, person: Patient, practitioner: Membership, client_for: SignIn
) -> None:
    live(person, practitioner)
    rows = {
        name: apps.get_model(label).objects.filter(patient=person).values_list("pk", flat=True)[0]
        for name, label in (
            ("treatments:plan-detail", "treatments.TreatmentPlan"),
            ("treatments:cocktail-edit", "treatments.TreatmentPlan"),
            ("scheduling:course", "treatments.TreatmentPlan"),
            ("treatments:session", "treatments.PlannedSession"),
            ("treatments:session-pdf", "treatments.PlannedSession"),
            ("treatments:consent-detail", "treatments.Consent"),
            ("patients:screening-detail", "patients.Screening"),
            ("aftercare:checkin", "aftercare.CheckIn"),
        )
    }
    doctor = client_for(practitioner)
    pages = [reverse(name, args=[pk]) for name, pk in rows.items()]
    lists = [reverse("treatments:plan-list"), reverse("api-plan-list"), reverse("patients:list")]
    assert {doctor.get(page).status_code for page in pages} <= {200, 302}
    assert MARK in doctor.get(lists[0]).content.decode()
    services.erase_patient(actor=boss, patient=person, now=NOW)
    assert [page for page in pages if doctor.get(page).status_code != 404] == []
    assert [page for page in lists if MARK in doctor.get(page).content.decode()] == []


def test_the_administration_shows_nobody_who_was_erased(
    boss: Actor, person: Patient, practitioner: Membership, client_for: SignIn
) -> None:
    live(person, practitioner)
    aftercare.question(person, NOW)
    practitioner.staff.is_staff = True
    practitioner.staff.save(update_fields=["is_staff"])
    doctor, entries = client_for(practitioner), entries_of(person)

    def shown() -> set[str]:
        """Labels of what shows the person: in the list, by a search, or on the page of a row."""
        found = set()
        for model, page in site._registry.items():
            if not isinstance(page, ReadOnlyPatientDataAdmin) or model is LotRecall:
                continue
            base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            rows = (
                {person.pk}
                if model is Patient
                else set(rows_about(model, entries).values_list("pk", flat=True))
            )
            lists: list[Any] = [
                doctor.get(reverse(f"{base}_changelist"), {"q": q}) for q in ("", MARK)
            ]
            if any(
                rows & {one.pk for one in answer.context_data["cl"].result_list} for answer in lists
            ):
                found.add(model._meta.label)
            if any(
                doctor.get(reverse(f"{base}_change", args=[pk])).status_code == 200 for pk in rows
            ):
                found.add(f"{model._meta.label} {rows}")
        return found

    assert {"patients.Patient", "treatments.TreatmentPlan", "treatments.Consent"} <= shown()
    services.erase_patient(actor=boss, patient=person, now=NOW)
    assert shown() == set()


def test_who_was_never_treated_is_gone_at_once(
    boss: Actor, person: Patient, practitioner: Membership, django_capture_on_commit_callbacks: Any
) -> None:
    live(person, practitioner, treated=False)
    path = vault.path_of(PatientFile.objects.get(patient=person).stored_name)
    assert MARK in everything_stored()
    with django_capture_on_commit_callbacks(execute=True):
        erased = services.erase_patient(actor=boss, patient=person, now=NOW)
    assert erased.kept_until is None
    assert MARK not in everything_stored()
    assert MARK.lower() not in everything_stored()
    assert not path.exists()
    with pytest.raises(PatientClosed):
        services.erase_patient(actor=boss, patient=person, now=NOW)


def test_an_erased_person_is_not_imported_again(
    boss: Actor, clinic: Clinic, other_clinic: Clinic
) -> None:
    stranger = PatientFactory(clinic=other_clinic)
    ExternalIdentifier.objects.create(
        clinic=other_clinic, patient=stranger, system="urn:old", value="77"
    )
    bundle = handed_out(boss, stranger).read("fhir-bundle.json")
    here = services.import_bundle(actor=boss, clinic=clinic, data=bundle, now=NOW)[0].patient
    services.erase_patient(actor=boss, patient=here, now=NOW)
    assert "77" not in ExternalIdentifier.objects.filter(patient=here).values_list(
        "value", flat=True
    )
    with pytest.raises(BundleUnreadable, match="asked to be forgotten"):
        services.import_bundle(actor=boss, clinic=clinic, data=bundle, now=NOW)


def test_visits_to_come_and_open_sessions_stand_in_the_way(
    boss: Actor, person: Patient, practitioner: Membership
) -> None:
    scheduling.visit(scheduling.desk(practitioner), person, NOW + DAY * 20)
    with pytest.raises(ErasureBlocked, match="visits to come"):
        services.erase_patient(actor=boss, patient=person, now=NOW)
    person.refresh_from_db()
    assert person.erased_at is None


def test_the_front_desk_erases_nobody(person: Patient, receptionist: Membership) -> None:
    with pytest.raises(Forbidden):
        services.erase_patient(actor=actor_for(receptionist), patient=person, now=NOW)


# --- restricting ----------------------------------------------------------------------------------


def test_restricted_data_are_kept_but_not_used(
    boss: Actor, person: Patient, practitioner: Membership
) -> None:
    desk = scheduling.desk(practitioner)
    with pytest.raises(Invalid):
        services.restrict_patient(actor=boss, patient=person, reason=" ", now=NOW)
    letter = aftercare.message(person, NOW, recipient=person.email)
    held = services.restrict_patient(actor=boss, patient=person, reason="Disputed", now=NOW)
    assert held.can_be_contacted is False
    with pytest.raises(PatientClosed):
        desk.book(held, NOW + DAY * 20)
    with pytest.raises(PatientClosed):
        draft_for(held)
    aftercare.post(NOW + dt.timedelta(minutes=1))
    letter.refresh_from_db()
    assert letter.sent_at is None
    back = services.lift_restriction(actor=boss, patient=person, now=NOW)
    assert back.can_be_contacted is True
    assert draft_for(back).pk


# --- pages ----------------------------------------------------------------------------------------


def test_a_person_is_restricted_and_erased_by_hand(
    person: Patient, practitioner: Membership, receptionist: Membership, client_for: SignIn
) -> None:
    doctor, front = client_for(practitioner), client_for(receptionist)
    page, pk = reverse("patients:rights", args=[person.pk]), [person.pk]
    assert front.get(page).status_code == 403
    assert "goes now" in doctor.get(page).content.decode()
    assert doctor.post(reverse("patients:restrict", args=pk), {"reason": ""}).status_code == 422
    doctor.post(reverse("patients:restrict", args=pk), {"reason": "Disputed"})
    assert "Use of these data is restricted" in doctor.get(reverse("patients:chart", args=pk)).content.decode()  # fmt: skip
    doctor.post(reverse("patients:lift", args=pk))
    answer: Any = doctor.get(reverse("patients:hand-out", args=pk))
    assert zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).testzip() is None
    slip = doctor.post(reverse("patients:erase", args=pk), {"number": "P-99999"})
    assert slip.status_code == 422
    assert "not the number" in slip.content.decode()
    doctor.post(reverse("patients:erase", args=pk), {"number": person.record_number.lower()})
    assert doctor.get(reverse("patients:chart", args=pk)).status_code == 404
    assert "No closed records" in doctor.get(reverse("patients:closed")).content.decode()


def test_a_closed_record_is_found_by_name_or_number(
    boss: Actor, clinic: Clinic, manager: Membership, client_for: SignIn
) -> None:
    people = [PatientFactory(clinic=clinic, name=name) for name in ("Inês Ferro", "Bea Blum")]
    for one in people:
        services.erase_patient(actor=boss, patient=one, now=NOW)
        Patient.objects.filter(pk=one.pk).update(name=one.name, kept_until=dt.date(2046, 1, 13))
    page, seen = reverse("patients:closed"), client_for(manager)
    for query, names in (
        ("", {"Inês Ferro", "Bea Blum"}), ("ines FERRO", {"Inês Ferro"}),
        (people[1].record_number, {"Bea Blum"}), ("nobody", set()),
    ):  # fmt: skip
        text = seen.get(page, {"q": query}).content.decode()
        assert {one.name for one in people if f">{one.name}<" in text} == names
    assert "No such record" in text
