"""Importing records from other systems: idempotent, and never over what staff have written."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Model
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from patients import signals
from patients.domain.fhir import (
    ParsedAllergy,
    ParsedCondition,
    ParsedMedicine,
    ParsedPatient,
    ParsedRecord,
)
from patients.domain.terms import Term
from patients.exceptions import BundleUnreadable, InvalidPhone
from patients.models import Allergy, Condition, ExternalIdentifier, Medicine, Patient
from patients.models.record import RecordFact
from patients.selectors import clinic_terms
from patients.services.contact import hidden_value, is_country, normalise_phone, sort_name
from patients.services.fhir_out import OWN_SYSTEM, own_identifier, own_ref
from patients.services.judging import reevaluate
from patients.services.record import tags_of
from patients.services.registration import OLDEST, lock_clinic, next_record_number
from patients.services.rows import change

_REF_SYSTEM = "urn:fhir:reference"
_LONGEST = 200
_IDENTITY = (
    "preferred_name", "birth_date", "email", "phone", "address", "country", "deceased_on",
    "emergency_contact", "guardian_name", "guardian_contact", "alert", "notes", "phototype",
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


@dataclass
class Trace:
    """What an import wrote, so that it can be taken back: ids of new rows, and changed values."""

    created: dict[str, list[str]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def wrote(self, rows: Iterable[Model]) -> None:
        """Remember new rows."""
        for row in rows:
            self.created.setdefault(row._meta.label, []).append(str(row.pk))


@dataclass(frozen=True)
class ImportOutcome:
    """One imported patient. `problems` are sentences about what a person must complete."""

    patient: Patient
    created: bool
    allergies: Counts
    medicines: Counts
    conditions: Counts
    problems: tuple[str, ...]
    trace: Trace = field(default_factory=Trace)

    @property
    def is_unchanged(self) -> bool:
        """Whether the bundle brought nothing new."""
        counts = (self.allergies, self.medicines, self.conditions)
        facts = all(one.added == one.changed == 0 for one in counts)
        return not self.created and facts and not self.trace.changes


def import_record(
    *,
    actor: Actor,
    clinic: Clinic,
    record: ParsedRecord,
    now: dt.datetime,
    terms: tuple[Term, ...] | None = None,
) -> ImportOutcome:
    """Register or complete one patient from another system.

    The patient is known again by any identifier, each fact by its id at the source: a second run
    changes nothing. Identity that is filled in stays; facts that staff entered or ended stay; a
    death that is known stays known. The latest screening is judged anew where facts changed.
    `terms` are the clinic's, where the caller has read them already.
    """
    today, trace = clinic.today(now), Trace()
    with audited(actor):
        lock_clinic(clinic)
        values, notes = _identity(record.patient, clinic, today)
        patient = _known(clinic, record.patient)
        created = patient is None
        if patient is None:
            patient = Patient.objects.create(
                clinic=clinic, record_number=next_record_number(clinic), created_at=now, **values
            )
            trace.wrote([patient])
        else:
            trace.changes += _complete(actor, patient, values, now)
        _remember(patient, record.patient, trace)
        known = clinic_terms(clinic) if terms is None else terms
        allergies = _store(patient, map(_allergy, record.allergies), known, today, trace)
        medicines = _store(patient, map(_medicine, record.medicines), known, today, trace)
        conditions = _store(patient, map(_condition, record.conditions), known, today, trace)
        outcome = ImportOutcome(
            patient, created, allergies, medicines, conditions, (*record.problems, *notes), trace
        )
        if not created and not outcome.is_unchanged:
            reevaluate(actor=actor, patient=patient, now=now)
    return outcome


def _known(clinic: Clinic, parsed: ParsedPatient) -> Patient | None:
    wanted = set(_identifiers(parsed))
    # Of the erased only a digest of the number is left.
    wanted |= {(system, hidden_value(system, value)) for system, value in wanted}
    rows = ExternalIdentifier.objects.for_clinic(clinic).filter(
        value__in=[value for _system, value in wanted]
    )
    found = {
        row.patient_id: row.patient
        for row in rows.select_related("patient")
        if (row.system, row.value) in wanted
    }
    found |= {one.pk: one for one in _handed_out_here(clinic, wanted)}
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


def _handed_out_here(clinic: Clinic, wanted: set[tuple[str, str]]) -> Iterable[Patient]:
    """The patient whom this clinic itself has named, in what it handed out before."""
    named = {value for system, value in wanted if system == OWN_SYSTEM}
    ids = [found for value in named if (found := _own_id(value)) is not None]
    return Patient.objects.for_clinic(clinic).filter(pk__in=ids) if ids else ()


def _own_id(value: str) -> UUID | None:
    try:
        return UUID(value.removeprefix("urn:uuid:"))
    except ValueError:
        return None


def _identifiers(parsed: ParsedPatient) -> list[tuple[str, str]]:
    """System and value of all identifiers; the id at the source where there are none."""
    named = [(_short(one.system), _short(one.value)) for one in parsed.identifiers]
    return named or [(_REF_SYSTEM, _short(f"{parsed.ref} {parsed.name} {parsed.birth_date}"))]


def _remember(patient: Patient, parsed: ParsedPatient, trace: Trace) -> None:
    # All that are known belong to this patient: `_known` has seen to it.
    rows = ExternalIdentifier.objects.filter(patient=patient)
    known = {*rows.values_list("system", "value"), (OWN_SYSTEM, own_identifier(patient.pk))}
    new = [
        ExternalIdentifier(clinic_id=patient.clinic_id, patient=patient, system=system, value=value)
        for system, value in dict.fromkeys(_identifiers(parsed))
        if (system, value) not in known
    ]
    trace.wrote(ExternalIdentifier.objects.bulk_create(new))


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
    country = parsed.country if is_country(parsed.country) else ""
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
        "alert": parsed.alert[:_LONGEST],
        "notes": parsed.notes,
        "phototype": parsed.phototype,
        "emergency_contact": parsed.emergency_contact[:_LONGEST],
        "guardian_name": parsed.guardian[:_LONGEST],
        "guardian_contact": parsed.guardian_contact[:_LONGEST],
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


def _complete(
    actor: Actor, patient: Patient, values: dict[str, Any], now: dt.datetime
) -> list[dict[str, Any]]:
    """Fill what is empty; a newly reported death is announced like a change of address.

    Returns the changes, ready to be taken back.
    """
    empty = [name for name in _IDENTITY if not getattr(patient, name) and values[name]]
    if values["sex"] != "unknown" and patient.sex == Patient.Sex.UNKNOWN:
        empty.append("sex")
    for name in empty:
        setattr(patient, name, values[name])
    if not empty:
        return []
    line = change(Patient, patient.pk, {name: values[name] for name in empty})
    if {"birth_date", "sex"} & set(empty):
        reevaluate(actor=actor, patient=patient, now=now)
    if {"email", "deceased_on", "preferred_name"} & set(empty):
        signals.contact_changed.send(
            sender=Patient, clinic=patient.clinic, actor=actor, now=now, patient=patient
        )
    return [line]


def _store(
    patient: Patient,
    rows: Iterable[RecordFact],
    terms: tuple[Term, ...],
    today: dt.date,
    trace: Trace,
) -> Counts:
    """Insert or refresh the imported facts of one kind."""
    fresh = list({row.source_ref: row for row in rows}.values())
    counts = Counts()
    if not fresh:
        return counts
    model: Any = type(fresh[0])
    stored_rows = list(model.objects.filter(patient=patient))
    known = {row.source_ref: row for row in stored_rows if row.source_ref}
    handed_out = {own_ref(row) for row in stored_rows}
    new = []
    for row in fresh:
        row.patient, row.clinic_id = patient, patient.clinic_id
        row.source = RecordFact.Source.IMPORT
        row.tags = tags_of(row, terms, today)
        stored = known.get(row.source_ref)
        if stored is None and row.source_ref in handed_out:
            counts.unchanged += 1  # what this clinic handed out comes back: ours is the newer
        elif stored is None:
            new.append(row)
        elif line := _refresh(stored, row):
            counts.changed += 1
            trace.changes.append(line)
        else:
            counts.unchanged += 1
    trace.wrote(model.objects.bulk_create(new))
    counts.added = len(new)
    return counts


_KEPT = frozenset(
    {"id", "clinic", "patient", "created_at", "source", "source_ref", "note", "closed_here"}
)


def _refresh(stored: RecordFact, row: RecordFact) -> dict[str, Any] | None:
    """Take over what changed at the source; what staff ended or made their own stays."""
    if stored.closed_here or stored.source != RecordFact.Source.IMPORT:
        return None
    names = [one.name for one in stored._meta.concrete_fields if one.name not in _KEPT]
    changed = [name for name in names if getattr(stored, name) != getattr(row, name)]
    if not changed:
        return None
    return change(type(stored), stored.pk, {name: getattr(row, name) for name in changed})


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
        "note": one.note[:300],
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
