"""Importing records from other systems: idempotent, and never over what staff have written."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from patients import signals
from patients.domain.fhir import (
    BundleError,
    ParsedAllergy,
    ParsedCondition,
    ParsedMedicine,
    ParsedPatient,
    ParsedRecord,
    parse_bundles,
)
from patients.domain.terms import Term
from patients.exceptions import BundleUnreadable, InvalidPhone
from patients.models import Allergy, Condition, ExternalIdentifier, Medicine, Patient
from patients.models.record import RecordFact
from patients.selectors import clinic_terms
from patients.services.contact import normalise_phone, sort_name
from patients.services.judging import reevaluate
from patients.services.record import tags_of
from patients.services.registration import OLDEST, lock_clinic, next_record_number

_REF_SYSTEM = "urn:fhir:reference"
_LONGEST = 200
_IDENTITY = (
    "preferred_name", "birth_date", "email", "phone", "address", "country", "deceased_on",
)  # fmt: skip


@dataclass
class Counts:
    """What became of one kind of fact."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        """All facts of the kind in the bundle."""
        return self.added + self.changed + self.unchanged


@dataclass(frozen=True)
class ImportOutcome:
    """One imported patient. `problems` are sentences about what a person must complete."""

    patient: Patient
    created: bool
    allergies: Counts
    medicines: Counts
    conditions: Counts
    problems: tuple[str, ...]

    @property
    def is_unchanged(self) -> bool:
        """Whether the bundle brought nothing new."""
        counts = (self.allergies, self.medicines, self.conditions)
        return not self.created and all(one.added == one.changed == 0 for one in counts)


def import_bundle(
    *, actor: Actor, clinic: Clinic, data: bytes, now: dt.datetime
) -> list[ImportOutcome]:
    """Import every patient of a FHIR R4 bundle, all of them or none.

    Raises BundleUnreadable with a sentence that says what to do.
    """
    try:
        records = parse_bundles(data)
    except BundleError as error:
        raise BundleUnreadable(str(error)) from error
    with audited(actor):
        return [
            import_record(actor=actor, clinic=clinic, record=record, now=now) for record in records
        ]


def import_record(
    *, actor: Actor, clinic: Clinic, record: ParsedRecord, now: dt.datetime
) -> ImportOutcome:
    """Register or complete one patient from another system.

    The patient is known again by any identifier, each fact by its id at the source: a second run
    changes nothing. Identity that is filled in stays; facts that staff entered or ended stay; a
    death that is known stays known. The latest screening is judged anew where facts changed.
    """
    today = clinic.today(now)
    with audited(actor):
        lock_clinic(clinic)
        values, notes = _identity(record.patient, clinic, today)
        patient = _known(clinic, record.patient)
        created = patient is None
        if patient is None:
            patient = Patient.objects.create(
                clinic=clinic, record_number=next_record_number(clinic), created_at=now, **values
            )
        else:
            _complete(actor, patient, values, now)
        _remember(patient, record.patient)
        terms = clinic_terms(clinic)
        allergies = _store(patient, map(_allergy, record.allergies), terms, today)
        medicines = _store(patient, map(_medicine, record.medicines), terms, today)
        conditions = _store(patient, map(_condition, record.conditions), terms, today)
        outcome = ImportOutcome(
            patient, created, allergies, medicines, conditions, (*record.problems, *notes)
        )
        if not created and not outcome.is_unchanged:
            reevaluate(actor=actor, patient=patient, now=now)
    return outcome


def _known(clinic: Clinic, parsed: ParsedPatient) -> Patient | None:
    wanted = set(_identifiers(parsed))
    rows = ExternalIdentifier.objects.for_clinic(clinic).filter(
        value__in=[value for _system, value in wanted]
    )
    found = {
        row.patient_id: row.patient
        for row in rows.select_related("patient")
        if (row.system, row.value) in wanted
    }
    if len(found) > 1:
        raise BundleUnreadable(
            _("The identifiers belong to two different patients here. Check them by hand.")
        )
    patient = next(iter(found.values()), None)
    if patient is not None:
        patient.clinic = clinic
        if patient.erased_at is not None:
            raise BundleUnreadable(
                _("This patient asked to be forgotten and is not imported again.")
            )
    return patient


def _identifiers(parsed: ParsedPatient) -> list[tuple[str, str]]:
    """System and value of all identifiers; the id at the source where there are none."""
    named = [(_short(one.system), _short(one.value)) for one in parsed.identifiers]
    return named or [(_REF_SYSTEM, _short(f"{parsed.ref} {parsed.name} {parsed.birth_date}"))]


def _remember(patient: Patient, parsed: ParsedPatient) -> None:
    ExternalIdentifier.objects.bulk_create(
        [
            ExternalIdentifier(
                clinic_id=patient.clinic_id, patient=patient, system=system, value=value
            )
            for system, value in dict.fromkeys(_identifiers(parsed))
        ],
        ignore_conflicts=True,
    )


def _identity(
    parsed: ParsedPatient, clinic: Clinic, today: dt.date
) -> tuple[dict[str, Any], list[str]]:
    """The columns of the patient, and what had to be left out."""
    notes: list[str] = []
    name = " ".join(parsed.name.split())[:_LONGEST]
    if not name:
        raise BundleUnreadable(_("The patient has no name. Complete it at the source."))
    born = parsed.birth_date
    if born is not None and not today.year - OLDEST <= born.year <= today.year:
        notes.append(_("The date of birth can't be right and was left out."))
        born = None
    country = parsed.country if len(parsed.country) == 2 else ""
    values = {
        "name": name,
        "preferred_name": parsed.preferred[:100],
        "family_name": (parsed.family or sort_name(name))[:100],
        "birth_date": born,
        "sex": parsed.sex,
        "email": _email(parsed.email, notes),
        "phone": _phone(parsed.phone, country or clinic.country, notes),
        "address": parsed.address,
        "country": country,
        "language": (parsed.language or clinic.language)[:10],
        "deceased_on": _death(parsed, born, today, notes),
    }
    return values, notes


def _email(text: str, notes: list[str]) -> str:
    address = text.strip().lower()
    if not address:
        return ""
    try:
        validate_email(address)
    except ValidationError:
        notes.append(_("The e-mail address can't be right and was left out."))
        return ""
    return address


def _phone(text: str, country: str, notes: list[str]) -> str:
    try:
        return normalise_phone(text, country)
    except InvalidPhone:
        notes.append(_("The phone number can't be right and was left out."))
        return ""


def _death(
    parsed: ParsedPatient, born: dt.date | None, today: dt.date, notes: list[str]
) -> dt.date | None:
    if not parsed.deceased:
        return None
    day = parsed.deceased_on
    if day is None or day > today or (born is not None and day < born):
        notes.append(_("The patient has died; the day is not known, so today was written."))
        day = today
    return day


def _complete(actor: Actor, patient: Patient, values: dict[str, Any], now: dt.datetime) -> None:
    """Fill what is empty; a newly reported death is announced like a change of address."""
    empty = [name for name in _IDENTITY if not getattr(patient, name) and values[name]]
    if values["sex"] != "unknown" and patient.sex == Patient.Sex.UNKNOWN:
        empty.append("sex")
    for name in empty:
        setattr(patient, name, values[name])
    if not empty:
        return
    patient.save(update_fields=empty)
    if {"birth_date", "sex"} & set(empty):
        reevaluate(actor=actor, patient=patient, now=now)
    if {"email", "deceased_on", "preferred_name"} & set(empty):
        signals.contact_changed.send(
            sender=Patient, clinic=patient.clinic, actor=actor, now=now, patient=patient
        )


def _store(
    patient: Patient, rows: Iterable[RecordFact], terms: tuple[Term, ...], today: dt.date
) -> Counts:
    """Insert or refresh the imported facts of one kind."""
    fresh = list({row.source_ref: row for row in rows}.values())
    counts = Counts()
    if not fresh:
        return counts
    model: Any = type(fresh[0])
    known = {
        row.source_ref: row for row in model.objects.filter(patient=patient).exclude(source_ref="")
    }
    new = []
    for row in fresh:
        row.patient, row.clinic_id = patient, patient.clinic_id
        row.source = RecordFact.Source.IMPORT
        row.tags = tags_of(row, terms, today)
        stored = known.get(row.source_ref)
        if stored is None:
            new.append(row)
        elif _refresh(stored, row):
            counts.changed += 1
        else:
            counts.unchanged += 1
    model.objects.bulk_create(new)
    counts.added = len(new)
    return counts


_KEPT = frozenset(
    {"id", "clinic", "patient", "created_at", "source", "source_ref", "note", "closed_here"}
)


def _refresh(stored: RecordFact, row: RecordFact) -> bool:
    """Take over what changed at the source; what staff ended or made their own stays."""
    if stored.closed_here or stored.source != RecordFact.Source.IMPORT:
        return False
    names = [one.name for one in stored._meta.concrete_fields if one.name not in _KEPT]
    changed = [name for name in names if getattr(stored, name) != getattr(row, name)]
    for name in changed:
        setattr(stored, name, getattr(row, name))
    if changed:
        stored.save(update_fields=changed)
    return bool(changed)


def _allergy(one: ParsedAllergy) -> Allergy:
    severe = "severe" if one.criticality == "high" else ""
    suspected = one.verification in {"unconfirmed", "presumed"}
    return Allergy(
        **_common(one, one.substance),
        is_active=one.active,
        reaction=", ".join(one.reactions)[:_LONGEST],
        severity=one.severity or severe or Allergy.Severity.UNKNOWN.value,
        certainty=(Allergy.Certainty.SUSPECTED if suspected else Allergy.Certainty.CONFIRMED).value,
        noted_on=one.noted_on,
    )


def _medicine(one: ParsedMedicine) -> Medicine:
    since, until = _in_order(one.since, one.until)
    return Medicine(**_common(one, one.name), is_active=one.active, since=since, until=until)


def _condition(one: ParsedCondition) -> Condition:
    onset, ended = _in_order(one.onset, one.abatement)
    return Condition(**_common(one, one.name), is_active=one.active, onset_on=onset, ended_on=ended)


def _common(one: ParsedAllergy | ParsedMedicine | ParsedCondition, text: str) -> dict[str, Any]:
    return {
        "text": " ".join(text.split())[:300],
        "code_system": one.system[:100],
        "code": one.code[:50],
        "codes": [code for code in one.codes if len(code) <= 80],
        "source_ref": _short(one.ref),
    }


def _in_order(start: dt.date | None, end: dt.date | None) -> tuple[dt.date | None, dt.date | None]:
    """Dates the wrong way round say nothing reliable about the end."""
    return (start, None) if start and end and end < start else (start, end)


def _short(text: str) -> str:
    """`text`, or where it is too long to store, its beginning with a digest: still the same id."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:130]}#{hashlib.sha256(text.encode()).hexdigest()}"
