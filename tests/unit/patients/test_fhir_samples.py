"""Real bundles, counted against themselves. Skipped where there are none."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

from patients.domain.fhir import parse_bundle
from patients.domain.record import Person, build_record_facts
from tests.unit.patients.screening_worlds import TERMS, TODAY


def test_samples_are_counted_against_themselves(fhir_samples: list[Path]) -> None:
    for path in fhir_samples:
        data = json.loads(path.read_text("utf-8"))
        kinds = Counter(entry["resource"]["resourceType"] for entry in data["entry"])
        bodies = [entry["resource"] for entry in data["entry"]]
        person = next(one for one in bodies if one["resourceType"] == "Patient")
        record = parse_bundle(path.read_bytes())
        assert record.problems == ()
        assert len(record.allergies) == kinds["AllergyIntolerance"]
        assert len(record.conditions) == kinds["Condition"]
        assert len(record.medicines) == kinds["MedicationRequest"]
        assert sum(one.active for one in record.medicines) == sum(
            one["status"] == "active"
            for one in bodies
            if one["resourceType"] == "MedicationRequest"
        )
        assert sum(one.active for one in record.conditions) == sum(
            one["clinicalStatus"]["coding"][0]["code"] == "active"
            for one in bodies
            if one["resourceType"] == "Condition"
        )
        assert record.patient.birth_date == date.fromisoformat(person["birthDate"])
        assert record.patient.deceased is ("deceasedDateTime" in person)
        assert record.patient.name.split()[-1] == person["name"][0]["family"]
        assert len({one.ref for one in record.medicines}) == len(record.medicines)


def test_samples_pre_fill_what_matters(fhir_samples: list[Path]) -> None:
    found: Counter[str] = Counter()
    for path in fhir_samples:
        record = parse_bundle(path.read_bytes())
        facts = build_record_facts(record.items, TERMS, Person(), TODAY)
        found.update(facts.active_tags)
    wanted = {
        "anticoagulant", "nsaid", "stroke", "heart_disease", "cancer", "dermatitis", "diabetes",
        "allergen:fish", "allergen:egg", "allergen:soy", "allergen:bee", "allergen:nut",
        "allergen:latex", "dementia", "pregnancy_unclear",
    }  # fmt: skip
    assert wanted <= set(found)
