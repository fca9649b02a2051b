"""Read patients from FHIR R4 bundles: identity, allergies, conditions and medicines. Pure.

Any bundle type that carries resources will do (transaction, batch, collection, searchset,
document, message). References are followed by `fullUrl` (`urn:uuid:…` or absolute), by
`Type/id` and to contained resources. Names stay exactly as the record has them. What is marked
entered-in-error or refuted is left out. A clinical resource that can't be read is never dropped
silently: `ParsedRecord.problems` says so in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from patients.domain.fhir_patient import Identifier, ParsedPatient, read_patient
from patients.domain.fhir_values import (
    Json,
    concept_codes,
    concept_name,
    day,
    first_coding,
    has_coding,
    node,
    nodes,
    notes,
    status,
    text,
    texts,
)
from patients.domain.record import ItemKind, RecordItem, is_denial

__all__ = [
    "BundleError",
    "Identifier",
    "ParsedAllergy",
    "ParsedCondition",
    "ParsedMedicine",
    "ParsedPatient",
    "ParsedRecord",
    "parse_bundle",
    "parse_bundles",
]

_Item = TypeVar("_Item")


class BundleError(ValueError):
    """The file is not a bundle that can be imported; the message tells a person what to do."""


@dataclass(frozen=True)
class ParsedAllergy:
    """One allergy. `severity` is the worst of its reactions: mild, moderate, severe or ""."""

    ref: str
    substance: str
    system: str = ""
    code: str = ""
    codes: tuple[str, ...] = ()
    active: bool = True
    category: tuple[str, ...] = ()
    criticality: str = ""
    verification: str = ""
    reactions: tuple[str, ...] = ()
    severity: str = ""
    noted_on: date | None = None
    note: str = ""


@dataclass(frozen=True)
class ParsedCondition:
    """One condition, active or past."""

    ref: str
    name: str
    system: str = ""
    code: str = ""
    codes: tuple[str, ...] = ()
    active: bool = True
    verification: str = ""
    onset: date | None = None
    abatement: date | None = None
    note: str = ""


@dataclass(frozen=True)
class ParsedMedicine:
    """One prescription or statement. `active` is whether it is taken as far as is known."""

    ref: str
    name: str
    system: str = ""
    code: str = ""
    codes: tuple[str, ...] = ()
    active: bool = True
    since: date | None = None
    until: date | None = None
    note: str = ""


@dataclass(frozen=True)
class ParsedRecord:
    """One patient of a bundle with everything the clinic keeps of them."""

    patient: ParsedPatient
    allergies: tuple[ParsedAllergy, ...] = ()
    conditions: tuple[ParsedCondition, ...] = ()
    medicines: tuple[ParsedMedicine, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[RecordItem, ...]:
        """Everything as record items, ready for `record.build_record_facts`."""
        return (
            *(
                RecordItem(ItemKind.ALLERGY, one.substance, one.codes, one.active, one.noted_on)
                for one in self.allergies
            ),
            *(
                RecordItem(ItemKind.CONDITION, one.name, one.codes, one.active, one.onset)
                for one in self.conditions
            ),
            *(
                RecordItem(ItemKind.MEDICINE, one.name, one.codes, one.active, one.since)
                for one in self.medicines
            ),
        )


def parse_bundle(data: bytes | str | Mapping[str, object]) -> ParsedRecord:
    """Read a bundle of one patient. Raises BundleError otherwise, and nothing else."""
    records = parse_bundles(data)
    if len(records) > 1:
        raise BundleError(
            f"The bundle holds {len(records)} patients where one is expected. "
            "Import it with all patients, or export one bundle for each."
        )
    return records[0]


def parse_bundles(data: bytes | str | Mapping[str, object]) -> tuple[ParsedRecord, ...]:
    """Read all patients of a bundle, at least one. Raises BundleError, and nothing else."""
    index = _Index.of(_load(data))
    patients = index.of_type("Patient")
    if not patients:
        raise BundleError("The bundle holds no patient. Export it again with the Patient resource.")
    return tuple(_record(patient, index, sole=len(patients) == 1) for patient in patients)


def _load(data: bytes | str | Mapping[str, object]) -> Json:
    if isinstance(data, bytes | str):
        try:
            loaded: object = json.loads(data)
        except (ValueError, RecursionError):
            raise BundleError("The file is not valid JSON. Export it again as FHIR JSON.") from None
    else:
        loaded = data
    if not isinstance(loaded, Mapping):
        raise BundleError("The file holds no FHIR bundle: a JSON object is expected.")
    kind = text(loaded, "resourceType")
    if kind != "Bundle":
        raise BundleError(
            f"The file holds “{kind[:60] or 'no resourceType'}” where a FHIR Bundle is expected."
        )
    if not isinstance(loaded.get("entry"), list):
        raise BundleError("The bundle has no entries.")
    return loaded


@dataclass(frozen=True)
class _Resource:
    kind: str
    ref: str
    body: Json
    urls: frozenset[str]


@dataclass(frozen=True)
class _Index:
    resources: tuple[_Resource, ...]
    by_url: Mapping[str, _Resource]

    @classmethod
    def of(cls, bundle: Json) -> _Index:
        found: dict[str, _Resource] = {}
        for number, entry in enumerate(nodes(bundle, "entry")):
            resource = _resource(entry, number)
            # A history bundle lists the newest version of a resource first.
            if resource is not None and resource.ref not in found:
                found[resource.ref] = resource
        by_url = {url: one for one in found.values() for url in one.urls}
        return cls(tuple(found.values()), by_url)

    def of_type(self, *kinds: str) -> tuple[_Resource, ...]:
        return tuple(one for one in self.resources if one.kind in kinds)

    def resolve(self, reference: Json, within: Json) -> Json:
        """The resource that a reference names, or an empty object."""
        url = text(reference, "reference")
        if url.startswith("#"):
            held = [one for one in nodes(within, "contained") if text(one, "id") == url[1:]]
            return held[0] if held else {}
        for key in _keys(url):
            if key in self.by_url:
                return self.by_url[key].body
        return {}


def _resource(entry: Json, number: int) -> _Resource | None:
    body = node(entry, "resource")
    kind, own = text(body, "resourceType"), text(body, "id")
    if not kind:
        return None
    url = text(entry, "fullUrl")
    ref = f"{kind}/{own}" if own else url or f"{kind}/#{number}"
    return _Resource(kind, ref, body, frozenset({ref, *_keys(url)} - {""}))


def _keys(url: str) -> tuple[str, ...]:
    """The forms under which a resource is known: as written, and as `Type/id`."""
    bare = url.split("/_history/")[0]
    parts = bare.rsplit("/", 2)
    return (bare, "/".join(parts[-2:])) if len(parts) > 1 else (bare,)


def _record(patient: _Resource, index: _Index, *, sole: bool) -> ParsedRecord:
    problems: list[str] = []
    identity = read_patient(patient.ref, patient.body, problems)
    allergies: list[ParsedAllergy] = []
    conditions: list[ParsedCondition] = []
    medicines: list[ParsedMedicine] = []
    for one in index.of_type(*_CLINICAL):
        if not _belongs(one, patient, identity, index):
            if sole:
                problems.append(f"{one.ref} belongs to somebody else or to nobody: left out.")
            continue
        if _void(one.body):
            continue
        if one.kind == "AllergyIntolerance":
            _keep(allergies, _allergy(one), one, problems)
        elif one.kind == "Condition":
            _keep(conditions, _condition(one), one, problems)
        else:
            _keep(medicines, _medicine(one, index), one, problems)
    return ParsedRecord(
        identity,
        tuple(one for one in allergies if not is_denial(one.substance)),
        tuple(conditions),
        tuple(medicines),
        tuple(problems),
    )


_CLINICAL = ("AllergyIntolerance", "Condition", "MedicationRequest", "MedicationStatement")


def _keep(items: list[_Item], item: _Item | None, source: _Resource, problems: list[str]) -> None:
    if item is None:
        problems.append(f"{source.ref} does not say what it is about: enter it by hand.")
    else:
        items.append(item)


def _belongs(one: _Resource, patient: _Resource, identity: ParsedPatient, index: _Index) -> bool:
    for field in ("subject", "patient"):
        reference = node(one.body, field)
        if not reference:
            continue
        if index.resolve(reference, one.body) is patient.body:
            return True
        return _same_identifier(text(reference, "reference"), reference, identity)
    return False


def _same_identifier(url: str, reference: Json, identity: ParsedPatient) -> bool:
    """Logical references: by identifier, or conditional as in `Patient?identifier=system|value`."""
    named = node(reference, "identifier")
    wanted = {(text(named, "system"), text(named, "value"))}
    if url.startswith("Patient?identifier="):
        system, _, value = url.removeprefix("Patient?identifier=").partition("|")
        wanted.add((system, value))
    return any((one.system, one.value) in wanted for one in identity.identifiers)


def _void(body: Json) -> bool:
    """Entered in error, refuted, or an order not to give something."""
    states = {status(body.get("verificationStatus")), status(body.get("status"))}
    return bool(states & {"entered-in-error", "refuted"}) or body.get("doNotPerform") is True


_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def _allergy(one: _Resource) -> ParsedAllergy | None:
    body = one.body
    concept = node(body, "code")
    reactions = nodes(body, "reaction")
    substance = concept_name(concept)
    if not substance:
        named = [node(reaction, "substance") for reaction in reactions]
        concept = next((found for found in named if concept_name(found)), {})
        substance = concept_name(concept)
    if not substance:
        return None
    shown = [
        concept_name(found)
        for reaction in reactions
        for found in nodes(reaction, "manifestation")
        if not has_coding(found, _ABSENT, "unknown")
    ]
    grades = {text(reaction, "severity") for reaction in reactions}
    system, code = first_coding(concept)
    return ParsedAllergy(
        ref=one.ref,
        substance=substance,
        system=system,
        code=code,
        codes=concept_codes(concept),
        active=status(body.get("clinicalStatus")) not in {"inactive", "resolved"},
        category=texts(body, "category"),
        criticality=text(body, "criticality"),
        verification=status(body.get("verificationStatus")),
        reactions=tuple(word for word in shown if word),
        severity=next((grade for grade in ("severe", "moderate", "mild") if grade in grades), ""),
        noted_on=_first_day(body, ("onsetDateTime", "recordedDate", "assertedDate")),
        note=notes(body),
    )


_OVER = frozenset({"inactive", "remission", "resolved"})


def _condition(one: _Resource) -> ParsedCondition | None:
    body = one.body
    concept = node(body, "code")
    name = concept_name(concept)
    if not name:
        return None
    state = status(body.get("clinicalStatus"))
    abatement = _first_day(body, ("abatementDateTime",)) or day(
        node(body, "abatementPeriod").get("end")
    )
    # Without a status, an end makes it past; with one, the status decides: doubt counts as active.
    ended = abatement is not None or bool(text(body, "abatementString"))
    system, code = first_coding(concept)
    return ParsedCondition(
        ref=one.ref,
        name=name,
        system=system,
        code=code,
        codes=concept_codes(concept),
        active=not ended if not state else state not in _OVER,
        verification=status(body.get("verificationStatus")),
        onset=_first_day(body, ("onsetDateTime",)) or day(node(body, "onsetPeriod").get("start")),
        abatement=abatement,
        note=notes(body),
    )


# On hold and unknown count as taken: it is the safer reading.
_NOT_TAKEN = frozenset({"completed", "stopped", "cancelled", "draft", "not-taken", "ended"})


def _medicine(one: _Resource, index: _Index) -> ParsedMedicine | None:
    body = one.body
    concept = node(body, "medicationCodeableConcept")
    name = concept_name(concept)
    if not name:
        reference = node(body, "medicationReference")
        concept = node(index.resolve(reference, body), "code")
        name = concept_name(concept) or text(reference, "display")
    if not name:
        return None
    period = node(body, "effectivePeriod")
    validity = node(body, "dispenseRequest", "validityPeriod")
    system, code = first_coding(concept)
    return ParsedMedicine(
        ref=one.ref,
        name=name,
        system=system,
        code=code,
        codes=concept_codes(concept),
        active=status(body.get("status")) not in _NOT_TAKEN,
        since=day(period.get("start"))
        or _first_day(body, ("effectiveDateTime", "authoredOn", "dateAsserted")),
        until=day(period.get("end")) or day(validity.get("end")),
        note=notes(body),
    )


def _first_day(body: Json, keys: Iterable[str]) -> date | None:
    return next((found for key in keys if (found := day(body.get(key))) is not None), None)
