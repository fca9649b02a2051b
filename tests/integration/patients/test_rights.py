"""What is held about a person is handed out whole."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Forbidden
from patients import holdings, services
from patients.models import (
    Allergy,
    Condition,
    Medicine,
    Patient,
)
from patients.selectors.dossier import entries_of, rows_about
from patients.selectors.paths import paths_to_patient
from scheduling.models import Appointment, AppointmentStatusChange
from tests.factories.files import photograph
from tests.factories.patients import (
    NOW,
    actor_for,
)
from tests.integration.patients.lives import (
    DAY,
    MARK,
    handed_out,
    live,
    somebody,
    tables,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def boss(practitioner: Membership) -> Actor:
    return actor_for(practitioner)


@pytest.fixture
def person(clinic: Clinic) -> Patient:
    return somebody(clinic)


# --- every path -----------------------------------------------------------------------------------


def test_every_table_says_what_becomes_of_it() -> None:
    """A new table: register it in its app's `ready()`, see docs/patients-rights.md."""
    silent = [one._meta.label for one in tables() if not holdings.is_registered(one)]
    assert silent == []


def test_every_foreign_key_is_walked() -> None:
    """Against the database's own catalogue: whatever leads to a patient, over any number of tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE walked AS ("
            " SELECT 'patients_patient'::regclass::oid AS found UNION"
            " SELECT conrelid FROM pg_constraint JOIN walked ON confrelid = found"
            " WHERE contype = 'f') SELECT found::regclass::text FROM walked"
        )
        leading = {name for (name,) in cursor.fetchall()}
    assert {model._meta.db_table for model in paths_to_patient()} == leading


def test_named_columns_exist() -> None:
    for model in tables():
        one = holdings.holding(model)
        names = {field.name for field in model._meta.concrete_fields}
        assert names >= {*one.secret, *one.quiet}, model


# --- handing out ----------------------------------------------------------------------------------


def test_everything_is_handed_out(
    boss: Actor, person: Patient, practitioner: Membership, clinic: Clinic
) -> None:
    live(person, practitioner)
    entries = entries_of(person)
    assert len(entries) == 2
    archive = handed_out(boss, person)
    data = json.loads(archive.read("record.json"))
    filled = 0
    for model in tables():
        rows = rows_about(model, entries)
        filled += rows.exists()
        lines = {
            line[model._meta.pk.attname]: line for line in data.get(model._meta.label_lower, [])
        }
        assert set(lines) == {str(pk) if not isinstance(pk, int) else pk for pk in rows.values_list("pk", flat=True)}, model  # fmt: skip
        secret = set(holdings.holding(model).secret)
        for line in lines.values():
            wanted = {one.attname for one in model._meta.concrete_fields if one.name not in secret}
            assert wanted <= set(line), model
            assert not secret & set(line), model
    assert filled >= 27
    assert {line["name"] for line in data["patients.patient"]} == {f"Inês {MARK}", f"Ines {MARK}"}
    names = set(archive.namelist())
    assert {"record.html", "record.pdf", "fhir-bundle.json"} <= names
    assert [name for name in names if name.startswith("files/")]
    page = archive.read("record.html").decode()
    for word in (f"{MARK} fish", "Hives", f"{MARK} faints", "Warfarin 5 mg", f"1 {MARK} Road"):
        assert word in page, word
    assert archive.read("record.pdf").startswith(b"%PDF")
    assert AuditEntry.objects.filter(action=Action.EXPORT, patients=[person.pk]).count() == 1


def test_the_page_speaks_to_people(boss: Actor, person: Patient, practitioner: Membership) -> None:
    """No ids, no names of code, no instants on UTC's clock."""
    live(person, practitioner)
    visit = Appointment.objects.filter(patient=person)[0]
    AppointmentStatusChange.objects.create(
        clinic=person.clinic, patient=person, appointment=visit, from_status="arrived",
        to_status="in_session", at=NOW, by_label="Zita",
    )  # fmt: skip
    page = handed_out(boss, person).read("record.html").decode()
    assert not re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-\S*", page)
    assert not re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d(?! \w+/)", page)
    assert "Treatmentplan" not in page
    start = visit.during.lower.astimezone(person.clinic.zone)
    moment = f"{start.day} {start:%b %Y, %H:%M}"
    assert f"<dt>Appointment</dt><dd>{moment}</dd>" in page  # so says what became of it
    assert "<dt>To</dt><dd>In session</dd>" in page


def test_what_was_withdrawn_is_named_but_not_shown(boss: Actor, person: Patient) -> None:
    """It may show somebody else."""
    file = photograph(person)
    services.withdraw_file(actor=boss, file=file, reason="Somebody else", now=NOW)
    archive = handed_out(boss, person)
    assert "patients.patientfile" in json.loads(archive.read("record.json"))
    assert not [name for name in archive.namelist() if name.startswith("files/")]


def test_it_is_in_one_language_as_a_whole(boss: Actor, person: Patient) -> None:
    Patient.objects.filter(pk=person.pk).update(language="fr")
    person.refresh_from_db()
    page = handed_out(boss, person).read("record.html").decode()
    assert '<html lang="en">' in page
    assert "Numéro" not in page
    assert "Record number" in page


def test_the_front_desk_hands_out_nothing(person: Patient, receptionist: Membership) -> None:
    with pytest.raises(Forbidden):
        services.export_patient(actor=actor_for(receptionist), patient=person, now=NOW)


def facts_of(person: Patient) -> list[tuple[Any, ...]]:
    names = {
        Allergy: ("text", "codes", "note", "is_active", "reaction", "severity", "certainty"),
        Medicine: ("text", "codes", "note", "is_active", "since", "until"),
        Condition: ("text", "codes", "note", "is_active", "onset_on", "ended_on"),
    }
    return [
        (model._meta.label, *row)
        for model, columns in names.items()
        for row in model._default_manager.filter(patient=person)
        .order_by("text")
        .values_list(*columns)
    ]


def test_another_clinic_can_import_what_is_handed_out(
    boss: Actor, person: Patient, practitioner: Membership, other_clinic: Clinic
) -> None:
    live(person, practitioner)
    bundle = handed_out(boss, person).read("fhir-bundle.json")
    outcome = services.import_bundle(
        actor=Actor.system(other_clinic.pk), clinic=other_clinic, data=bundle, now=NOW
    )[0]
    there = outcome.patient
    assert outcome.problems == ()
    assert facts_of(there) == facts_of(person)
    for name in (
        "name", "preferred_name", "birth_date", "sex", "email", "phone", "address", "country",
        "language", "emergency_contact", "guardian_name", "guardian_contact",
    ):  # fmt: skip
        assert getattr(there, name) == getattr(person, name), name


def test_what_comes_back_changes_nothing(
    boss: Actor, person: Patient, practitioner: Membership, clinic: Clinic
) -> None:
    live(person, practitioner)
    person.refresh_from_db()
    bundle = handed_out(boss, person).read("fhir-bundle.json")
    before, people = facts_of(person), Patient.objects.count()
    outcome = services.import_bundle(actor=boss, clinic=clinic, data=bundle, now=NOW + DAY)[0]
    assert (outcome.patient.pk, outcome.is_unchanged) == (person.pk, True)
    assert (facts_of(person), Patient.objects.count()) == (before, people)
