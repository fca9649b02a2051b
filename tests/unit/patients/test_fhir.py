"""Bundles become records: counted against the samples themselves, and never any other error."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.domain.fhir import BundleError, Identifier, parse_bundle, parse_bundles
from patients.domain.record import Person, build_record_facts
from tests.unit.patients.screening_worlds import TERMS, TODAY


def concept(text: str, code: str = "", system: str = "http://snomed.info/sct") -> dict[str, Any]:
    coding = [{"system": system, "code": code, "display": text}] if code else []
    return {"text": text, "coding": coding}


def patient(number: str = "p1", **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": number,
        "name": [{"use": "official", "family": "Núñez", "given": ["Ana", "María"]}],
        "birthDate": "1990-05-17",
        "gender": "female",
        **fields,
    }


def bundle(*resources: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    entries = [
        {"fullUrl": f"urn:uuid:{one.get('id', number)}", "resource": one}
        for number, one in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def allergy(substance: str = "Allergy to fish", who: str = "Patient/p1", **more: Any) -> Any:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "code": concept(substance, "417532002"),
        "patient": {"reference": who},
        **more,
    }


def condition(name: str = "Stroke", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "code": concept(name),
        "subject": {"reference": "urn:uuid:p1"},
        **more,
    }


def request(status: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": status,
        "medicationCodeableConcept": concept(
            "Warfarin 5 MG", "11289", "http://www.nlm.nih.gov/research/umls/rxnorm"
        ),
        "subject": {"reference": "https://example.org/fhir/Patient/p1"},
        "authoredOn": "2025-01-02T10:00:00+01:00",
        **more,
    }


def coded_status(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def test_identity_is_kept_as_written() -> None:
    who = patient(
        identifier=[{"system": "urn:mr", "value": "77"}, {"system": "urn:x"}],
        name=[
            {"use": "maiden", "family": "Old"},
            {"use": "nickname", "given": ["Nita"]},
            {"use": "official", "family": "Schulist381", "given": ["Mark765"], "prefix": ["Mrs."]},
        ],
        telecom=[
            {"system": "phone", "value": "1", "use": "work"},
            {"system": "phone", "value": "2", "use": "mobile"},
            {"system": "phone", "value": "0", "use": "old"},
            {"system": "email", "value": "a@example.org"},
        ],
        address=[
            {"line": ["1 Road"], "city": "Lyon", "postalCode": "69001", "country": "FRA"},
        ],
        communication=[
            {"language": {"coding": [{"code": "en"}]}},
            {"language": {"coding": [{"code": "fr-FR"}]}, "preferred": True},
        ],
        deceasedDateTime="2020-02-03T01:00:00Z",
    )
    person = parse_bundle(bundle(who)).patient
    assert person.name == "Mark765 Schulist381"
    assert (person.family, person.given, person.preferred) == ("Schulist381", "Mark765", "Nita")
    assert person.identifiers == (Identifier("urn:mr", "77"),)
    assert (person.phone, person.email) == ("2", "a@example.org")
    assert person.address == "1 Road\n69001 Lyon\nFRA"
    assert (person.country, person.language) == ("FR", "fr-FR")
    assert (person.deceased, person.deceased_on) == (True, date(2020, 2, 3))


def test_a_name_text_wins_over_its_parts() -> None:
    who = patient(name=[{"text": "山田 太郎", "family": "山田", "given": ["太郎"]}])
    assert parse_bundle(bundle(who)).patient.name == "山田 太郎"


@pytest.mark.parametrize("birth", ["1990", "1990-05", "1990-02-31", "soon", None, 5])
def test_a_birth_date_is_never_guessed(birth: object) -> None:
    record = parse_bundle(bundle(patient(birthDate=birth)))
    assert record.patient.birth_date is None
    assert any("date of birth" in one for one in record.problems)


def test_deceased_false_is_alive() -> None:
    assert not parse_bundle(bundle(patient(deceasedBoolean=False))).patient.deceased
    assert parse_bundle(bundle(patient(deceasedBoolean=True))).patient.deceased


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "searchset", "document"])
def test_any_bundle_with_resources_will_do(kind: str) -> None:
    record = parse_bundle(bundle(patient(), allergy(), condition(), request(), kind=kind))
    assert [one.substance for one in record.allergies] == ["Allergy to fish"]
    assert [one.name for one in record.conditions] == ["Stroke"]
    assert [one.name for one in record.medicines] == ["Warfarin 5 MG"]
    assert record.allergies[0].codes == ("snomed:417532002",)
    assert record.medicines[0].codes == ("rxnorm:11289",)
    assert record.medicines[0].since == date(2025, 1, 2)
    assert record.problems == ()


@pytest.mark.parametrize(
    ("status", "active"),
    [
        ("active", True), ("on-hold", True), ("unknown", True), ("", True), ("completed", False),
        ("stopped", False), ("cancelled", False), ("draft", False),
    ],
)  # fmt: skip
def test_medicines_in_doubt_count_as_taken(status: str, active: bool) -> None:
    assert parse_bundle(bundle(patient(), request(status))).medicines[0].active is active


def test_statements_and_referenced_medicines_are_read() -> None:
    statement = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "urn:uuid:med"},
        "effectivePeriod": {"start": "2024-03", "end": "2025-01-01"},
    }
    medication = {"resourceType": "Medication", "id": "med", "code": concept("Eliquis")}
    contained = request(
        medicationCodeableConcept=None,
        medicationReference={"reference": "#in"},
        contained=[{"resourceType": "Medication", "id": "in", "code": concept("Plavix")}],
    )
    record = parse_bundle(bundle(patient(), statement, medication, contained))
    assert {one.name for one in record.medicines} == {"Eliquis", "Plavix"}
    (eliquis,) = [one for one in record.medicines if one.name == "Eliquis"]
    assert (eliquis.since, eliquis.until) == (date(2024, 3, 1), date(2025, 1, 1))


def test_a_reference_that_leads_nowhere_falls_back_to_its_words() -> None:
    lost = request(
        medicationCodeableConcept=None, medicationReference={"reference": "x", "display": "Xarelto"}
    )
    assert parse_bundle(bundle(patient(), lost)).medicines[0].name == "Xarelto"


@pytest.mark.parametrize(
    ("fields", "active"),
    [
        ({"clinicalStatus": coded_status("active")}, True),
        ({"clinicalStatus": coded_status("recurrence")}, True),
        ({"clinicalStatus": coded_status("remission")}, False),
        ({"clinicalStatus": coded_status("resolved")}, False),
        ({"clinicalStatus": "resolved"}, False),
        ({}, True),
        ({"abatementDateTime": "2020-01-01"}, False),
        ({"abatementString": "long ago"}, False),
        ({"clinicalStatus": coded_status("active"), "abatementDateTime": "2020-01-01"}, True),
        ({"clinicalStatus": coded_status("odd")}, True),
    ],
)
def test_conditions_are_active_or_past(fields: dict[str, Any], active: bool) -> None:
    record = parse_bundle(bundle(patient(), condition(**fields)))
    assert record.conditions[0].active is active


@pytest.mark.parametrize("status", ["entered-in-error", "refuted"])
def test_errors_and_refuted_entries_are_left_out(status: str) -> None:
    void: dict[str, Any] = {"verificationStatus": coded_status(status)}
    record = parse_bundle(bundle(patient(), allergy(**void), condition(**void)))
    assert (record.allergies, record.conditions) == ((), ())
    assert parse_bundle(bundle(patient(), request("entered-in-error"))).medicines == ()
    assert parse_bundle(bundle(patient(), request(doNotPerform=True))).medicines == ()


def test_reactions_are_kept_with_the_worst_severity() -> None:
    reaction = [
        {"manifestation": [concept("Hives")], "severity": "mild"},
        {"manifestation": [concept("Anaphylaxis")], "severity": "severe"},
    ]
    entry = allergy(reaction=reaction, criticality="high", category=["food"])
    (one,) = parse_bundle(bundle(patient(), entry)).allergies
    assert (one.reactions, one.severity) == (("Hives", "Anaphylaxis"), "severe")
    assert (one.criticality, one.category, one.active) == ("high", ("food",), True)


def test_the_substance_may_stand_with_the_reaction() -> None:
    entry = allergy(code=None, reaction=[{"substance": concept("Egg")}])
    assert parse_bundle(bundle(patient(), entry)).allergies[0].substance == "Egg"


def test_no_known_allergies_is_no_allergy() -> None:
    record = parse_bundle(bundle(patient(), allergy("No known allergies")))
    assert (record.allergies, record.problems) == ((), ())


def test_what_cannot_be_read_is_reported_not_dropped() -> None:
    record = parse_bundle(bundle(patient(), allergy(code={}), condition(subject={})))
    assert record.allergies == ()
    assert len(record.problems) == 2


def test_the_record_of_somebody_else_is_left_out_and_reported() -> None:
    record = parse_bundle(bundle(patient(), allergy(who="Patient/other")))
    assert record.allergies == ()
    assert record.problems == (
        "AllergyIntolerance/a1 belongs to somebody else or to nobody: left out.",
    )


def test_logical_references_are_followed_by_identifier() -> None:
    who = patient(identifier=[{"system": "urn:mr", "value": "77"}])
    by_query = allergy(who="Patient?identifier=urn:mr|77")
    by_value = condition(subject={"identifier": {"system": "urn:mr", "value": "77"}})
    record = parse_bundle(bundle(who, by_query, by_value))
    assert (len(record.allergies), len(record.conditions)) == (1, 1)


def test_a_versioned_reference_finds_its_patient() -> None:
    record = parse_bundle(bundle(patient(), allergy(who="Patient/p1/_history/3")))
    assert len(record.allergies) == 1


def test_several_patients_are_told_apart() -> None:
    data = bundle(patient("p1"), patient("p2"), allergy(who="Patient/p2"))
    first, second = parse_bundles(data)
    assert (len(first.allergies), len(second.allergies)) == (0, 1)
    assert first.problems == ()
    with pytest.raises(BundleError, match="2 patients"):
        parse_bundle(data)


def test_the_newest_version_of_a_resource_counts_once() -> None:
    newer = condition(clinicalStatus=coded_status("resolved"))
    record = parse_bundle(bundle(patient(), newer, condition(), kind="history"))
    assert [one.active for one in record.conditions] == [False]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "JSON object"),
        (b"{}", "no resourceType"),
        (b'{"resourceType": "Patient"}', "Patient"),
        (b'{"resourceType": "Bundle"}', "no entries"),
        (b'{"resourceType": "Bundle", "entry": []}', "no patient"),
        ({"resourceType": "Bundle", "entry": [1, None, {"resource": 3}]}, "no patient"),
    ],
)
def test_useless_files_get_a_message(data: Any, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        parse_bundles(data)


def test_strings_are_fit_for_the_database() -> None:
    who = patient(name=[{"family": "A\x00B\ud800", "given": ["x\ty "]}])
    assert parse_bundle(bundle(who)).patient.name == "x y A B"


def test_a_byte_order_mark_is_harmless() -> None:
    data = b"\xef\xbb\xbf" + json.dumps(bundle(patient())).encode()
    assert parse_bundle(data).patient.family == "Núñez"


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["coding", "code", "system", "text", "reference", "given", "use", "start"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    ["id", "name", "birthDate", "telecom", "address", "communication", "identifier", "gender",
     "code", "subject", "patient", "clinicalStatus", "verificationStatus", "reaction", "status",
     "category", "medicationReference", "medicationCodeableConcept", "contained", "onsetDateTime",
     "deceasedDateTime", "effectivePeriod", "dispenseRequest", "onsetPeriod", "deceasedBoolean"]
)  # fmt: skip
_RESOURCES = st.builds(
    lambda kind, body: {**body, "resourceType": kind},
    st.sampled_from(
        ["Patient", "AllergyIntolerance", "Condition", "MedicationRequest", "MedicationStatement"]
    ),
    st.dictionaries(_FIELDS, _JUNK, max_size=6),
)
_ENTRIES = st.lists(
    st.fixed_dictionaries({"resource": _RESOURCES | _JUNK}, optional={"fullUrl": _JUNK}) | _JUNK,
    max_size=5,
)


@given(_ENTRIES)
@settings(max_examples=150, deadline=None)
def test_malformed_bundles_raise_nothing_but_bundle_errors(entries: list[Any]) -> None:
    data = {"resourceType": "Bundle", "entry": [{"resource": patient()}, *entries]}
    for record in parse_bundles(data):
        assert isinstance(record.patient.name, str)
        build_record_facts(record.items, TERMS[:5], Person(), TODAY)


@given(st.binary(max_size=200) | _JUNK)
@settings(max_examples=120, deadline=None)
def test_anything_else_is_refused(data: Any) -> None:
    with pytest.raises(BundleError):
        parse_bundles(data)


def test_odd_corners_of_identity_and_medicines() -> None:
    who = patient(
        address=[{"text": "somewhere", "country": "Atlantis"}],
        communication=[{"language": {"text": "English"}}, {"language": {"coding": [{}]}}],
        name=[{"use": "nickname", "text": "Nita"}, {"family": "Only"}],
    )
    nameless = request(medicationCodeableConcept={})
    half_coded = condition(
        code={"text": "Stroke", "coding": [{"system": "http://snomed.info/sct"}]}
    )
    status = condition(id="c2", clinicalStatus={"coding": [{}], "text": "Resolved"})
    record = parse_bundle(bundle(who, nameless, half_coded, status))
    assert (record.patient.country, record.patient.language) == ("", "")
    assert (record.patient.name, record.patient.preferred) == ("Only", "Nita")
    assert record.problems == (
        "MedicationRequest/m1 does not say what it is about: enter it by hand.",
    )
    assert [(one.system, one.active) for one in record.conditions] == [("", True), ("", False)]
