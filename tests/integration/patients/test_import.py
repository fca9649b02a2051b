"""Importing FHIR: the samples counted against themselves, and one small patient."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from mesoclinic.clinic.models import Clinic, Membership
from patients import services
from patients.domain.findings import Finding
from patients.domain.questionnaire import Severity
from patients.domain.screening import evaluate
from patients.exceptions import BundleUnreadable, PatientClosed
from patients.models import Allergy, Condition, Medicine, Patient
from patients.selectors import record_facts, screening_status
from tests.factories.patients import NOW, TODAY, actor_for, screened, seeded
from tests.integration.patients.bundles import (
    RESOURCES,
    bundle,
    everything,
    resource,
    run,
)
from tests.unit.patients.screening_worlds import SPEC, TERMS, clear_answers

pytestmark = pytest.mark.django_db


# --- the samples ----------------------------------------------------------------------------------


def test_all_samples_are_counted_against_themselves(
    clinic: Clinic, fhir_samples: list[Path]
) -> None:
    seeded(clinic)
    wanted: Counter[str] = Counter()
    for path in fhir_samples:
        for entry in json.loads(path.read_text("utf-8"))["entry"]:
            wanted[entry["resource"]["resourceType"]] += 1
    out = StringIO()
    folder = str(fhir_samples[0].parent)
    call_command("import_fhir", folder, clinic=clinic.slug, stdout=out, stderr=StringIO())
    for model, kinds in RESOURCES.items():
        rows: Any = model
        assert rows.objects.count() == sum(wanted[kind] for kind in kinds), model
    assert f"{len(fhir_samples)} patients: {len(fhir_samples)} registered" in out.getvalue()
    before = everything()
    again = StringIO()
    call_command("import_fhir", folder, clinic=clinic.slug, stdout=again, stderr=StringIO())
    assert everything() == before
    assert f"{len(fhir_samples)} unchanged" in again.getvalue()


def test_the_samples_fill_the_record_with_what_matters(
    clinic: Clinic, fhir_samples: list[Path]
) -> None:
    seeded(clinic)
    for path in fhir_samples:
        run(clinic, path.read_bytes())
    tags = {
        fact.tag
        for patient in Patient.objects.select_related("clinic")
        for fact in record_facts(patient, TODAY).facts
    }
    assert {"anticoagulant", "nsaid", "allergen:fish", "stroke", "pregnancy"} <= tags
    assert Patient.objects.filter(deceased_on__isnull=False).exists()
    minors = [one for one in Patient.objects.all() if (one.age_on(TODAY) or 99) < 18]
    assert minors
    for patient in Patient.objects.select_related("clinic"):
        found, facts = findings(patient), record_facts(patient, TODAY)
        active, past = facts.active_tags, facts.past_tags
        assert (("anticoagulants", "record") in found) is ("anticoagulant" in active)
        assert (("pregnancy", "record") in found) is ("pregnancy" in active), past
        assert (("minor_without_consent", "record") in found) is (patient in minors)
        judged = evaluate(SPEC, clear_answers(), facts, TODAY, TERMS)
        fish = any("allergen:fish" in one.ingredient_tags for one in judged.findings)
        assert fish is ("allergen:fish" in active | past)


# --- what the record says of a screening --------------------------------------------------------


def findings(patient: Patient) -> dict[tuple[str, str], Finding]:
    """By rule and kind: what is found in somebody who answers that nothing is the matter."""
    facts = record_facts(patient, TODAY)
    result = evaluate(SPEC, clear_answers(), facts, TODAY, TERMS)
    return {(one.rule, one.kind.value): one for one in result.findings}


def test_what_came_along_is_found_whatever_she_answers(clinic: Clinic) -> None:
    seeded(clinic)
    (outcome,) = run(clinic, bundle())
    found = findings(outcome.patient)
    thinner = found["anticoagulants", "record"]
    assert (thinner.severity, thinner.limited) == (Severity.CAUTION, False)
    assert "Warfarin" in thinner.evidence[0]
    assert found["anticoagulants", "contradiction"].severity is Severity.CAUTION
    fish = found["product_allergy", "record"]
    assert fish.severity is Severity.ABSOLUTE
    assert fish.ingredient_tags == ("allergen:fish",)
    assert fish.general_severity is Severity.CAUTION


@pytest.mark.parametrize(
    ("status", "outcome"), [("active", "contraindicated"), ("resolved", "review")]
)
def test_a_pregnancy_going_on_and_one_that_is_over_are_told_apart(
    clinic: Clinic, status: str, outcome: str
) -> None:
    seeded(clinic)
    data = bundle()
    condition = resource(data, "Condition")
    condition["code"] = {"text": "Normal pregnancy"}
    condition["clinicalStatus"] = {"coding": [{"code": status}]}
    condition["onsetDateTime"] = str(TODAY - timedelta(weeks=12))
    (done,) = run(clinic, data)
    found = findings(done.patient)
    assert (("pregnancy", "record") in found) is (status == "active")
    judged = evaluate(SPEC, clear_answers(), record_facts(done.patient, TODAY), TODAY, TERMS)
    assert judged.outcome.value == outcome


def test_minors_wait_for_their_guardian(clinic: Clinic) -> None:
    seeded(clinic)
    data = bundle()
    resource(data, "Patient")["birthDate"] = str(TODAY - timedelta(days=16 * 365))
    (outcome,) = run(clinic, data)
    assert (
        findings(outcome.patient)["minor_without_consent", "record"].severity is Severity.ABSOLUTE
    )


def test_nobody_writes_to_the_dead(clinic: Clinic, practitioner: Membership) -> None:
    seeded(clinic)
    data = bundle()
    resource(data, "Patient")["deceasedDateTime"] = "2025-12-24T10:00:00Z"
    (outcome,) = run(clinic, data)
    with pytest.raises(PatientClosed):
        services.invite_to_screening(
            actor=actor_for(practitioner), patient=outcome.patient, now=NOW
        )


# --- one small patient ----------------------------------------------------------------------------


def test_identity_and_record(clinic: Clinic) -> None:
    seeded(clinic)
    (outcome,) = run(clinic, bundle())
    patient = outcome.patient
    assert outcome.created
    assert patient.name == "Inês Sousa Carvalho"
    assert patient.record_number == "P-00001"
    assert patient.phone == "+351912345678"
    assert patient.email == "ines@example.org"
    assert Allergy.objects.get().severity == "severe"
    assert "allergen:fish" in Allergy.objects.get().tags
    assert [row.is_active for row in Medicine.objects.order_by("text")] == [False, True]
    assert Condition.objects.get().text == "Hypertension"
    assert {row.source for row in Medicine.objects.all()} == {"import"}


def test_a_second_run_changes_nothing(clinic: Clinic) -> None:
    seeded(clinic)
    run(clinic, bundle())
    before = everything()
    (outcome,) = run(clinic, bundle())
    assert outcome.is_unchanged
    assert everything() == before


def test_two_clinics_import_the_same_person_apart(clinic: Clinic, other_clinic: Clinic) -> None:
    run(clinic, bundle())
    run(other_clinic, bundle())
    assert sorted(row.clinic_id for row in Patient.objects.all()) == sorted(
        [clinic.pk, other_clinic.pk]
    )


def test_what_staff_wrote_stays(clinic: Clinic, practitioner: Membership) -> None:
    doctor = actor_for(practitioner)
    seeded(clinic)
    (outcome,) = run(clinic, bundle())
    patient = outcome.patient
    data = services.PatientData.of(patient)
    changed = services.PatientData(**{**vars(data), "name": "Inês C.", "phone": "+33612345678"})
    services.update_patient(actor=doctor, patient=patient, data=changed, now=NOW)
    warfarin = Medicine.objects.get(is_active=True)
    services.end_fact(actor=doctor, fact=warfarin, now=NOW)
    own = services.add_fact(
        actor=doctor, patient=patient, data=services.ConditionData("Asthma"), now=NOW
    )
    run(clinic, bundle())
    patient.refresh_from_db()
    assert (patient.name, patient.phone) == ("Inês C.", "+33612345678")
    assert Medicine.objects.get(pk=warfarin.pk).is_active is False
    assert Condition.objects.filter(pk=own.pk, source="staff").exists()


def test_what_changed_at_the_source_is_taken_over_and_judged(
    clinic: Clinic, practitioner: Membership
) -> None:
    seeded(clinic)
    (outcome,) = run(clinic, bundle())
    screened(outcome.patient, actor_for(practitioner))
    before = screening_status(outcome.patient, TODAY)
    data = bundle()
    resource(data, "Condition")["code"] = {"text": "Stroke"}
    (again,) = run(clinic, data)
    assert again.conditions.changed == 1
    assert before.standing != "stopped"
    assert screening_status(outcome.patient, TODAY).standing == "stopped"


def test_the_dead_stay_dead(clinic: Clinic) -> None:
    data = bundle()
    resource(data, "Patient")["deceasedDateTime"] = "2025-12-24T10:00:00Z"
    (outcome,) = run(clinic, data)
    assert str(outcome.patient.deceased_on) == "2025-12-24"
    run(clinic, bundle())
    assert str(Patient.objects.get().deceased_on) == "2025-12-24"


def test_a_death_without_a_day_still_closes_the_record(clinic: Clinic) -> None:
    data = bundle()
    resource(data, "Patient")["deceasedBoolean"] = True
    (outcome,) = run(clinic, data)
    assert outcome.patient.deceased_on == TODAY
    assert outcome.problems


def test_odd_contacts_are_left_out_with_a_word(clinic: Clinic) -> None:
    data = bundle()
    resource(data, "Patient")["telecom"] = [
        {"system": "phone", "value": "call me"},
        {"system": "email", "value": "not an address"},
    ]
    (outcome,) = run(clinic, data)
    assert (outcome.patient.phone, outcome.patient.email) == ("", "")
    assert len(outcome.problems) == 2


def test_identifiers_of_two_patients_are_refused(clinic: Clinic) -> None:
    first, second = bundle(), bundle()
    resource(second, "Patient")["identifier"] = [{"system": "urn:b", "value": "2"}]
    run(clinic, first)
    run(clinic, second)
    both = bundle()
    resource(both, "Patient")["identifier"] += [{"system": "urn:b", "value": "2"}]
    with pytest.raises(BundleUnreadable, match="two different patients"):
        run(clinic, both)


def test_the_forgotten_are_not_brought_back(clinic: Clinic) -> None:
    run(clinic, bundle())
    Patient.objects.update(erased_at=NOW)
    with pytest.raises(BundleUnreadable, match="forgotten"):
        run(clinic, bundle())


def test_a_bundle_of_two_is_imported_whole_or_not_at_all(clinic: Clinic) -> None:
    data = bundle()
    nameless = {"resource": {"resourceType": "Patient", "id": "two", "birthDate": "1990-01-01"}}
    data["entry"].append(nameless)
    with pytest.raises(BundleUnreadable, match="name"):
        run(clinic, data)
    assert not Patient.objects.exists()
