"""Write a record as a FHIR R4 bundle: the inverse of `patients.domain.fhir`. Pure.

`parse_bundle(build_bundle(record, ...))` gives the record back, so that what one clinic hands out
another can import without loss. What FHIR has no place for is in the JSON beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from patients.domain.fhir import (
    ParsedAllergy,
    ParsedCondition,
    ParsedMedicine,
    ParsedPatient,
    ParsedRecord,
)
from patients.domain.fhir_values import GUARDIAN, IN_EMERGENCY
from patients.domain.terms import system_of

Resource = dict[str, Any]
_CLINICAL = "http://terminology.hl7.org/CodeSystem/"


def build_bundle(
    record: ParsedRecord, *, at: datetime, more: Iterable[Mapping[str, Any]] = ()
) -> Resource:
    """A collection bundle. `at` is an aware instant; each `more` is a resource without subject.

    Ids are the last part of each `ref` (`Condition/6f…`), which must be unique.
    """
    subject = {"reference": f"urn:uuid:{_id(record.patient.ref)}"}
    resources = [
        _patient(record.patient),
        *(_allergy(one, subject) for one in record.allergies),
        *(_condition(one, subject) for one in record.conditions),
        *(_medicine(one, subject) for one in record.medicines),
        *({**one, "subject": subject} for one in more),
    ]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": at.isoformat(timespec="seconds"),
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources],
    }


def _patient(one: ParsedPatient) -> Resource:
    official = _without_gaps(
        use="official", text=one.name, family=one.family, given=[one.given] if one.given else []
    )
    nickname = [{"use": "nickname", "text": one.preferred}] if one.preferred else []
    telecom = [
        {"system": system, "value": value}
        for system, value in (("phone", one.phone), ("email", one.email))
        if value
    ]
    address = _without_gaps(text=one.address, line=one.address.splitlines(), country=one.country)
    language = {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": one.language}]}}
    died: Resource = {}
    if one.deceased_on is not None:
        died = {"deceasedDateTime": one.deceased_on.isoformat()}
    elif one.deceased:
        died = {"deceasedBoolean": True}
    return _resource(
        "Patient", one.ref,
        identifier=[{"system": each.system, "value": each.value} for each in one.identifiers],
        name=[official, *nickname], telecom=telecom, gender=one.sex, birthDate=_day(one.birth_date),
        address=[address] if address else [], communication=[language] if one.language else [],
        contact=_contacts(one), **died,
    )  # fmt: skip


def _contacts(one: ParsedPatient) -> list[Resource]:
    found = []
    if one.emergency_contact:
        found.append(
            {"relationship": [_concept(*IN_EMERGENCY)], "name": {"text": one.emergency_contact}}
        )
    if one.guardian:
        reached = [{"system": "other", "value": one.guardian_contact}]
        found.append(
            {
                "relationship": [_concept(*GUARDIAN)],
                "name": {"text": one.guardian},
                **({"telecom": reached} if one.guardian_contact else {}),
            }
        )
    return found


def _allergy(one: ParsedAllergy, subject: Resource) -> Resource:
    shown = [{"text": word} for word in one.reactions] or [
        _concept(f"{_CLINICAL}data-absent-reason", "unknown")
    ]
    reaction = [_without_gaps(manifestation=shown, severity=one.severity)]
    return _resource(
        "AllergyIntolerance", one.ref, patient=subject,
        clinicalStatus=_status("allergyintolerance-clinical", _active(one)),
        verificationStatus=_status("allergyintolerance-verification", one.verification),
        category=list(one.category), criticality=one.criticality,
        code=_coded(one.substance, one.system, one.code, one.codes),
        recordedDate=_day(one.noted_on),
        reaction=reaction if one.reactions or one.severity else [], note=_note(one.note),
    )  # fmt: skip


def _condition(one: ParsedCondition, subject: Resource) -> Resource:
    return _resource(
        "Condition", one.ref, subject=subject,
        clinicalStatus=_status("condition-clinical", _active(one)),
        verificationStatus=_status("condition-ver-status", one.verification),
        code=_coded(one.name, one.system, one.code, one.codes),
        onsetDateTime=_day(one.onset), abatementDateTime=_day(one.abatement), note=_note(one.note),
    )  # fmt: skip


def _medicine(one: ParsedMedicine, subject: Resource) -> Resource:
    return _resource(
        "MedicationStatement", one.ref, subject=subject,
        status="active" if one.active else "stopped",
        medicationCodeableConcept=_coded(one.name, one.system, one.code, one.codes),
        effectivePeriod=_without_gaps(start=_day(one.since), end=_day(one.until)),
        note=_note(one.note),
    )  # fmt: skip


def _resource(kind: str, ref: str, **fields: Any) -> Resource:
    return {"resourceType": kind, "id": _id(ref), **_without_gaps(**fields)}


def _id(ref: str) -> str:
    return ref.rpartition("/")[2]


def _active(one: ParsedAllergy | ParsedCondition) -> str:
    return "active" if one.active else "resolved"


def _status(system: str, code: str) -> Resource:
    return _concept(f"{_CLINICAL}{system}", code) if code else {}


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _coded(words: str, system: str, code: str, codes: Iterable[str]) -> Resource:
    named = [(system, code)] if system and code else []
    named += [(found, short.partition(":")[2]) for short in codes if (found := system_of(short))]
    coding = [{"system": one, "code": each} for one, each in dict.fromkeys(named)]
    return _without_gaps(coding=coding, text=words)


def _note(text: str) -> list[Resource]:
    return [{"text": text}] if text else []


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _without_gaps(**fields: Any) -> Resource:
    return {name: value for name, value in fields.items() if value not in ("", [], {}, None)}
