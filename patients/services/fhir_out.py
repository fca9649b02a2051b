"""A stored record in the terms of FHIR: the inverse of what importing stores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from patients import holdings
from patients.domain.fhir import (
    Identifier,
    ParsedAllergy,
    ParsedCondition,
    ParsedMedicine,
    ParsedPatient,
    ParsedRecord,
)
from patients.domain.fhir_export import build_bundle
from patients.models import Allergy, Condition, ExternalIdentifier, Medicine, Patient
from patients.models.record import RecordFact

OWN_SYSTEM = "urn:ietf:rfc:3986"
"""System of the identifier under which this house knows its own patients again."""


def patient_bundle(patient: Patient, entries: Collection[UUID], now: dt.datetime) -> dict[str, Any]:
    """A FHIR R4 bundle of the person: who they are, the safety record, and what upper apps add."""
    return build_bundle(
        stored_record(patient, entries), at=now, more=holdings.more_resources(entries)
    )


def stored_record(patient: Patient, entries: Collection[UUID]) -> ParsedRecord:
    """Identity and safety record as an import would read them. Four queries."""
    return ParsedRecord(
        patient=_patient(patient, entries),
        allergies=tuple(map(_allergy, Allergy.objects.filter(patient__in=entries))),
        conditions=tuple(map(_condition, Condition.objects.filter(patient__in=entries))),
        medicines=tuple(map(_medicine, Medicine.objects.filter(patient__in=entries))),
    )


def own_identifier(patient_id: UUID) -> str:
    """The value, in OWN_SYSTEM, by which an export names a patient of this house."""
    return f"urn:uuid:{patient_id}"


def own_ref(row: RecordFact) -> str:
    """The reference under which an export names a stored fact."""
    kinds = {Allergy: "AllergyIntolerance", Condition: "Condition", Medicine: "MedicationStatement"}
    return f"{kinds[type(row)]}/{row.pk}"


def _patient(patient: Patient, entries: Collection[UUID]) -> ParsedPatient:
    elsewhere = ExternalIdentifier.objects.filter(patient__in=entries).order_by("system", "value")
    known = [Identifier(one.system, one.value) for one in elsewhere]
    return ParsedPatient(
        ref=f"Patient/{patient.pk}",
        identifiers=(Identifier(OWN_SYSTEM, own_identifier(patient.pk)), *known),
        name=patient.name,
        family=patient.family_name,
        preferred=patient.preferred_name,
        birth_date=patient.birth_date,
        sex=patient.sex,
        deceased=patient.deceased_on is not None,
        deceased_on=patient.deceased_on,
        phone=patient.phone,
        email=patient.email,
        address=patient.address,
        country=patient.country,
        language=patient.language,
        emergency_contact=patient.emergency_contact,
        guardian=patient.guardian_name,
        guardian_contact=patient.guardian_contact,
    )


def _allergy(row: Allergy) -> ParsedAllergy:
    suspected = row.certainty == Allergy.Certainty.SUSPECTED
    return ParsedAllergy(
        **_common(row),
        substance=row.text,
        verification="unconfirmed" if suspected else "confirmed",
        reactions=(row.reaction,) if row.reaction else (),
        severity="" if row.severity == Allergy.Severity.UNKNOWN else row.severity,
        noted_on=row.noted_on,
    )


def _condition(row: Condition) -> ParsedCondition:
    return ParsedCondition(
        **_common(row), name=row.text, verification="confirmed",
        onset=row.onset_on, abatement=row.ended_on,
    )  # fmt: skip


def _medicine(row: Medicine) -> ParsedMedicine:
    return ParsedMedicine(**_common(row), name=row.text, since=row.since, until=row.until)


def _common(row: RecordFact) -> dict[str, Any]:
    return {
        "ref": own_ref(row),
        "system": row.code_system,
        "code": row.code,
        "codes": tuple(row.codes),
        "active": row.is_active,
        "note": row.note,
    }
