"""Registering: numbers, phones, duplicates, and what changes are announced."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid
from mesoclinic.common.ids import new_id
from patients import signals
from patients.exceptions import InvalidPhone, PossibleDuplicate
from patients.models import Patient
from patients.services import PatientData, readable_phone, register_patient, update_patient
from tests import personas
from tests.factories.patients import NOW, AllergyFactory
from tests.integration.patients.conftest import heard

pytestmark = pytest.mark.django_db


def register(clinic: Clinic, actor: Actor, name: str = "Noémie Faure", **fields: Any) -> Patient:
    return register_patient(
        actor=actor, clinic=clinic, data=PatientData(name=name, **fields), now=NOW
    )


def test_numbers_run_per_clinic(clinic: Clinic, other_clinic: Clinic, desk: Actor) -> None:
    first = register(clinic, desk, "Ada Un")
    second = register(clinic, desk, "Berta Deux")
    elsewhere = register(other_clinic, desk, "Carla Trois")
    assert [first.record_number, second.record_number, elsewhere.record_number] == [
        "P-00001", "P-00002", "P-00001",
    ]  # fmt: skip


def test_what_was_typed_is_brought_into_shape(clinic: Clinic, desk: Actor) -> None:
    patient = register(
        clinic, desk, "  Noémie   de la Faure ", phone="06 12 34 56 78", email=" N@Example.ORG "
    )
    assert patient.name == "Noémie de la Faure"
    assert patient.family_name == "Faure"
    assert patient.phone == "+33612345678"
    assert patient.email == "n@example.org"
    assert patient.language == clinic.language
    assert readable_phone(patient.phone) == "+33 6 12 34 56 78"


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": "  "}, "name"),
        ({"country": "ZZ"}, "country"),
        ({"country": "f"}, "country"),
        ({"birth_date": dt.date(2026, 3, 11)}, "birth_date"),
        ({"birth_date": dt.date(1850, 1, 1)}, "birth_date"),
        ({"birth_date": dt.date(1990, 1, 1), "deceased_on": dt.date(1989, 1, 1)}, "deceased_on"),
        ({"preferred_weekdays": [7]}, "preferred_weekdays"),
        ({"preferred_from": dt.time(12), "preferred_until": dt.time(9)}, "preferred_until"),
    ],
)
def test_impossible_values_are_refused_at_their_field(
    clinic: Clinic, desk: Actor, fields: dict[str, Any], at: str
) -> None:
    data = PatientData(**{"name": "Ada", **fields})
    with pytest.raises(Invalid) as refused:
        register_patient(actor=desk, clinic=clinic, data=data, now=NOW)
    assert refused.value.field == at
    assert not Patient.objects.exists()
    assert Clinic.objects.get(pk=clinic.pk).record_counter == 0


@pytest.mark.parametrize("phone", ["call me", "12", "+999 1", "++33"])
def test_a_number_that_cannot_be_dialled_is_refused(
    clinic: Clinic, desk: Actor, phone: str
) -> None:
    with pytest.raises(InvalidPhone) as refused:
        register(clinic, desk, phone=phone)
    assert refused.value.field == "phone"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Noemie Faur", "birth_date": dt.date(1990, 2, 3)},
        {"name": "Noémie Faure", "birth_date": dt.date(1990, 3, 2)},
        {"name": "Somebody Else", "phone": "+33 6 12 34 56 78"},
        {"name": "Somebody Else", "email": "NOEMIE@example.org"},
    ],
)
def test_somebody_alike_is_shown_first(clinic: Clinic, desk: Actor, fields: dict[str, Any]) -> None:
    there = register(
        clinic, desk, birth_date=dt.date(1990, 2, 3), phone="0612345678",
        email="noemie@example.org",
    )  # fmt: skip
    data = PatientData(**fields)
    with pytest.raises(PossibleDuplicate) as refused:
        register_patient(actor=desk, clinic=clinic, data=data, now=NOW)
    assert [one.pk for one in refused.value.candidates] == [there.pk]  # type: ignore[attr-defined]
    anyway = register_patient(actor=desk, clinic=clinic, data=data, now=NOW, accept_duplicate=True)
    assert anyway.pk != there.pk


def test_nobody_of_another_clinic_is_a_duplicate(
    clinic: Clinic, stranger: Patient, desk: Actor
) -> None:
    patient = register(
        clinic, desk, stranger.name, birth_date=stranger.birth_date, email=stranger.email
    )
    assert patient.clinic_id == clinic.pk


def test_a_second_click_gives_the_same_patient(clinic: Clinic, desk: Actor) -> None:
    pk = new_id()
    data = PatientData(name="Pia Holm", email="pia@example.org")
    twice = [
        register_patient(actor=desk, clinic=clinic, data=data, now=NOW, patient_id=pk)
        for _ in range(2)
    ]
    assert twice[0].pk == twice[1].pk == pk
    assert Patient.objects.count() == 1


def test_another_clinics_patient_is_not_handed_out_by_its_id(
    clinic: Clinic, stranger: Patient, desk: Actor
) -> None:
    with pytest.raises(Exception, match=r"duplicate key|already exists"):
        register_patient(
            actor=desk, clinic=clinic, data=PatientData(name="X Y"), now=NOW,
            patient_id=stranger.pk,
        )  # fmt: skip


def test_an_update_writes_only_what_changed(patient: Patient, desk: Actor) -> None:
    data = dataclasses.replace(PatientData.of(patient), address="2 quai Sud", phone="0699999999")
    with heard(signals.contact_changed) as announced:
        update_patient(actor=desk, patient=patient, data=data, now=NOW)
    entry = AuditEntry.objects.filter(action="update").get()
    assert sorted(entry.fields) == ["address", "phone", "search"]
    assert entry.actor_id == desk.id
    assert entry.patients == [patient.pk]
    assert announced == []


def test_an_update_without_change_writes_nothing(patient: Patient, desk: Actor) -> None:
    update_patient(actor=desk, patient=patient, data=PatientData.of(patient), now=NOW)
    assert not AuditEntry.objects.filter(action="update").exists()


def test_a_new_address_is_announced(patient: Patient, desk: Actor) -> None:
    data = dataclasses.replace(PatientData.of(patient), email="new@example.org")
    with heard(signals.contact_changed) as announced:
        update_patient(actor=desk, patient=patient, data=data, now=NOW)
    assert [call["patient"].email for call in announced] == ["new@example.org"]


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_get_twenty_numbers() -> None:
    clinic = personas.lices()
    actor = Actor.system(clinic.pk)
    start = threading.Barrier(20)
    failures: list[Exception] = []

    def run(number: int) -> None:
        try:
            start.wait()
            register(clinic, actor, f"Racer {number:02d}")
        except Exception as error:  # noqa: BLE001 (a thread must hand its failure over)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    numbers = sorted(Patient.objects.values_list("record_number", flat=True))
    assert numbers == [f"P-{number:05d}" for number in range(1, 21)]


@pytest.mark.django_db(transaction=True)
def test_the_same_person_registered_twice_at_once_is_noticed() -> None:
    clinic = personas.lices()
    actor = Actor.system(clinic.pk)
    start = threading.Barrier(4)
    results: list[str] = []

    def run() -> None:
        try:
            start.wait()
            register(clinic, actor, "Twin Case", email="twin@example.org")
            results.append("registered")
        except PossibleDuplicate:
            results.append("duplicate")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["duplicate", "duplicate", "duplicate", "registered"]


def test_rows_can_not_mix_two_clinics(patient: Patient, other_clinic: Clinic) -> None:
    AllergyFactory(patient=patient)
    connection.check_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        _mixed(patient, other_clinic)


def _mixed(patient: Patient, other_clinic: Clinic) -> None:
    AllergyFactory(patient=patient, clinic=other_clinic)
    connection.check_constraints()
