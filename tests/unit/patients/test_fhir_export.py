"""What is written as FHIR is read back the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patients.domain.fhir import (
    Identifier,
    ParsedAllergy,
    ParsedCondition,
    ParsedMedicine,
    ParsedPatient,
    ParsedRecord,
    parse_bundle,
)
from patients.domain.fhir_export import build_bundle

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
letters = st.characters(categories=("Lu", "Ll", "Nd"))
word = st.text(letters, min_size=1, max_size=12)
maybe = st.one_of(st.just(""), word)
day = st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2026, 3, 1)))
snomed = st.integers(10_000, 99_999_999).map(lambda number: f"snomed:{number}")
atc = word.map(lambda code: f"atc:{code.casefold()}")
codes = st.lists(st.one_of(snomed, atc), max_size=3, unique=True).map(
    lambda found: tuple(sorted(found))
)


def fact(kind: type[Any], name: str, **more: Any) -> st.SearchStrategy[Any]:
    named = word.map(lambda text: f"Q{text}")
    strategies = {name: named, "codes": codes, "active": st.booleans(), "note": maybe, **more}
    return st.builds(lambda **fields: kind(ref="", **fields), **strategies)


patients = st.builds(
    ParsedPatient, ref=st.just("Patient/p"),
    identifiers=st.lists(st.builds(Identifier, st.just("urn:x"), word), max_size=2, unique=True).map(tuple),
    name=word, family=maybe, preferred=maybe, birth_date=st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    sex=st.sampled_from(["female", "male", "other", "unknown"]), phone=maybe, email=maybe,
    address=st.one_of(st.just(""), st.lists(word, min_size=1, max_size=3).map("\n".join)),
    country=st.sampled_from(["", "FR", "DE"]), language=st.sampled_from(["", "fr", "en-GB"]),
    emergency_contact=maybe, guardian=word, guardian_contact=maybe,
)  # fmt: skip
records = st.builds(
    ParsedRecord,
    patients,
    st.lists(
        fact(
            ParsedAllergy, "substance", verification=st.sampled_from(["confirmed", "unconfirmed"]),
            reactions=st.one_of(st.just(()), word.map(lambda text: (text,))), noted_on=day,
            severity=st.sampled_from(["", "mild", "moderate", "severe"]),
        ),
        max_size=3,
    ).map(tuple),
    st.lists(fact(ParsedCondition, "name", onset=day, abatement=day, verification=st.just("confirmed")), max_size=3).map(tuple),
    st.lists(fact(ParsedMedicine, "name", since=day, until=day), max_size=3).map(tuple),
)  # fmt: skip


def numbered(record: ParsedRecord) -> ParsedRecord:
    """With an id of its own for every fact, and a first coding where there is any."""

    def known(kind: str, items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            type(one)(**{**vars(one), "ref": f"{kind}/{kind[0].lower()}{number}"})
            for number, one in enumerate(items)
        )

    return ParsedRecord(
        record.patient,
        known("AllergyIntolerance", record.allergies),
        known("Condition", record.conditions),
        known("MedicationStatement", record.medicines),
    )


def bare(record: ParsedRecord) -> list[Any]:
    """Without the first coding, which `codes` say again."""
    items = (*record.allergies, *record.conditions, *record.medicines)
    return [record.patient, *({**vars(one), "system": "", "code": ""} for one in items)]


@given(records)
def test_reading_is_the_inverse_of_writing(drawn: ParsedRecord) -> None:
    record = numbered(drawn)
    back = parse_bundle(json.dumps(build_bundle(record, at=AT)))
    assert back.problems == ()
    assert bare(back) == bare(record)


def test_sessions_ride_along() -> None:
    record = ParsedRecord(ParsedPatient(ref="Patient/p", name="Ana", birth_date=date(1990, 1, 1)))
    bundle = build_bundle(record, at=AT, more=[{"resourceType": "Procedure", "id": "s1"}])
    assert bundle["entry"][1]["resource"]["subject"] == {"reference": "urn:uuid:p"}
    assert parse_bundle(bundle).problems == ()
