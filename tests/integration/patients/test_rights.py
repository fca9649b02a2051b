"""What is held about a person: handed out whole, erased but for what the law keeps, or left unused."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Forbidden, Invalid
from patients import holdings, services
from patients.exceptions import BundleUnreadable, ErasureBlocked, PatientClosed
from patients.models import (
    Allergy,
    Condition,
    ContactPreference,
    ExternalIdentifier,
    ImportRow,
    ImportRun,
    LinkCode,
    Medicine,
    Patient,
    PatientFile,
)
from patients.selectors import get_patient
from patients.selectors.dossier import entries_of, rows_about
from patients.selectors.paths import paths_to_patient
from patients.services import vault
from tests.factories import aftercare, scheduling, treatments
from tests.factories.files import photograph
from tests.factories.patients import (
    NOW,
    AllergyFactory,
    ConditionFactory,
    LinkFactory,
    MedicineFactory,
    PatientFactory,
    actor_for,
    confirmed,
    decided,
    draft_for,
    merged,
    screened,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
MARK = "Zzyzx"
SignIn = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def _media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def boss(practitioner: Membership) -> Actor:
    return actor_for(practitioner)


@pytest.fixture
def person(clinic: Clinic) -> Patient:
    """Somebody whose every free word can be found again wherever it lies."""
    made: Patient = PatientFactory(
        clinic=clinic, name=f"Inês {MARK}", family_name=MARK, email=f"{MARK}@example.org".lower(),
        address=f"1 {MARK} Road", alert=f"{MARK} faints", notes=f"{MARK} notes", country="FR",
        emergency_contact=f"{MARK} senior", guardian_name=f"{MARK} mother", found_note=MARK,
        guardian_contact="+33 1 23 45 67 89", preferred_name="Inês", sun_exposure="high",
    )  # fmt: skip
    return made


def live(person: Patient, practitioner: Membership, *, treated: bool = True) -> None:
    """A row in as many tables as there are: screened, planned, treated, written to, imported."""
    boss = actor_for(practitioner)
    who = {"patient": person, "clinic": person.clinic}
    result = screened(person, now=treatments.NOW)
    decided(result, practitioner)
    confirmed(result, now=treatments.NOW)
    draft_for(person, boss)
    if treated:
        stock = treatments.catalogue(person.clinic)
        session = treatments.signed(
            treatments.course(stock, practitioner, who=person), stock, practitioner
        )
        aftercare.checkin(session, NOW)
    scheduling.visit(scheduling.desk(practitioner), person, NOW - DAY * 20)
    AllergyFactory(patient=person, text=f"{MARK} fish", reaction="Hives", severity="severe")
    MedicineFactory(patient=person, codes=["rxnorm:11289"], since=dt.date(2025, 1, 2))
    ConditionFactory(patient=person, is_active=False, ended_on=dt.date(2024, 5, 6), note=MARK)
    ContactPreference.objects.create(purpose="news", allowed=False, changed_at=NOW, **who)
    link = LinkFactory(patient=person)
    LinkCode.objects.create(link=link, digest="d" * 64, expires_at=NOW, **who)
    ExternalIdentifier.objects.create(system="old", value=f"{MARK}-17", **who)
    run = ImportRun.objects.create(
        clinic=person.clinic, kind="table", state="mapping", file_name="x"
    )
    ImportRow.objects.create(run=run, number=1, state="done", values=[MARK], **who)
    aftercare.message(person, NOW, recipient=person.email, title=MARK)
    aftercare.task(person, NOW, title=f"Call {MARK}")
    photograph(person)
    merged(person, PatientFactory(clinic=person.clinic, name=f"Ines {MARK}", notes=MARK), now=NOW)


def tables() -> list[Any]:
    return [model for model in paths_to_patient() if model is not Patient]


def handed_out(actor: Actor, person: Patient) -> zipfile.ZipFile:
    with services.export_patient(actor=actor, patient=person, now=NOW) as out:
        return zipfile.ZipFile(io.BytesIO(out.read()))


def everything_stored() -> str:
    """All rows of all tables as text, but for the audit and the sessions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [
            name for (name,) in cursor.fetchall() if not name.startswith(("audit_", "django_"))
        ]
        found = []
        for name in sorted(names):
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{name}" t')  # noqa: S608
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


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
