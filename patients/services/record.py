"""Allergies, medicines and conditions. Every change is judged against the latest screening."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from patients.domain.record import ItemKind, item_facts
from patients.domain.terms import PAST, Term
from patients.exceptions import FactIsImported, PatientClosed
from patients.models import Allergy, Condition, Medicine, Patient
from patients.models.record import RecordFact
from patients.selectors import clinic_terms
from patients.selectors.facts import as_item
from patients.services.judging import lock_patient, reevaluate

_KINDS: dict[type[RecordFact], ItemKind] = {
    Allergy: ItemKind.ALLERGY,
    Medicine: ItemKind.MEDICINE,
    Condition: ItemKind.CONDITION,
}
_Row = TypeVar("_Row", bound=RecordFact)


@dataclass(frozen=True)
class AllergyData:
    """What a patient reacts to. `severity` and `certainty` as in the model's choices."""

    text: str
    reaction: str = ""
    severity: str = Allergy.Severity.UNKNOWN.value
    certainty: str = Allergy.Certainty.CONFIRMED.value
    noted_on: dt.date | None = None
    note: str = ""
    code_system: str = ""
    code: str = ""


@dataclass(frozen=True)
class MedicineData:
    """What a patient takes; `until` is the last day."""

    text: str
    since: dt.date | None = None
    until: dt.date | None = None
    note: str = ""
    code_system: str = ""
    code: str = ""


@dataclass(frozen=True)
class ConditionData:
    """An illness or state; `ended_on` is the last day."""

    text: str
    onset_on: dt.date | None = None
    ended_on: dt.date | None = None
    note: str = ""
    code_system: str = ""
    code: str = ""


FactData = AllergyData | MedicineData | ConditionData
_MODELS: dict[type, type[Allergy] | type[Medicine] | type[Condition]] = {
    AllergyData: Allergy,
    MedicineData: Medicine,
    ConditionData: Condition,
}


def add_fact(
    *,
    actor: Actor,
    patient: Patient,
    data: FactData,
    now: dt.datetime,
    source: str = RecordFact.Source.STAFF.value,
) -> Allergy | Medicine | Condition:
    """Add to the record and judge the latest screening anew.

    What already stands there word for word is not added twice (a double click gives the row there
    is). The same name with something else to say (graver, since another day) is a line of its own:
    the graver one counts. Raises PatientClosed and Invalid with the field.
    """
    if patient.erased_at is not None:
        raise PatientClosed
    model = _MODELS[type(data)]
    values = _checked(data, patient.clinic.today(now))
    with audited(actor):
        lock_patient(patient)
        words = {"text__iexact": values["text"]}
        same = {name: value for name, value in values.items() if name != "text"}
        existing = model.objects.filter(patient=patient, is_active=True, **words, **same).first()
        if existing is not None:
            return existing
        row = model(
            clinic_id=patient.clinic_id, patient=patient, source=source, created_at=now, **values
        )
        _settle(row, clinic_terms(patient.clinic_id), patient.clinic.today(now))
        row.save(force_insert=True)
        reevaluate(actor=actor, patient=patient, now=now)
    return row


def change_fact(*, actor: Actor, fact: _Row, data: FactData, now: dt.datetime) -> _Row:
    """Correct an entry that staff or the patient made. Imported ones raise FactIsImported."""
    if fact.source == RecordFact.Source.IMPORT:
        raise FactIsImported
    today = fact.patient.clinic.today(now)
    values = _checked(data, today)
    with audited(actor):
        lock_patient(fact.patient)
        stored = _stored(fact)
        for name, value in values.items():
            setattr(stored, name, value)
        _settle(stored, clinic_terms(stored.clinic_id), today)
        stored.save()
        reevaluate(actor=actor, patient=fact.patient, now=now)
    return stored


def end_fact(
    *, actor: Actor, fact: _Row, now: dt.datetime, ended_on: dt.date | None = None
) -> _Row:
    """It does not apply any more (since `ended_on`, where known). The entry stays as history."""
    today = fact.patient.clinic.today(now)
    if ended_on is not None and ended_on > today:
        raise Invalid(_("This day is still to come."), field="ended_on")
    with audited(actor):
        lock_patient(fact.patient)
        stored = _stored(fact)
        if not stored.is_active:
            return stored
        stored.is_active = False
        stored.closed_here = True
        if isinstance(stored, Medicine):
            stored.until = _not_before(ended_on or today, stored.since)
        elif isinstance(stored, Condition):
            stored.ended_on = _not_before(ended_on or today, stored.onset_on)
        stored.save()
        reevaluate(actor=actor, patient=fact.patient, now=now)
    return stored


def _stored(fact: _Row) -> _Row:
    model: Any = type(fact)
    row: _Row = model.objects.select_for_update(of=("self",)).get(pk=fact.pk)
    return row


def tags_of(row: RecordFact, terms: Iterable[Term], today: dt.date) -> list[str]:
    """The safety tags of one entry; those of what is over carry the prefix `past:`."""
    since = getattr(row, "onset_on", None) or getattr(row, "since", None)
    facts = item_facts(as_item(row, _KINDS[type(row)], row.is_active, since), tuple(terms), today)
    return sorted({fact.tag if fact.active else f"{PAST}{fact.tag}" for fact in facts})


def _settle(row: RecordFact, terms: Iterable[Term], today: dt.date) -> None:
    """Whether it applies today, and what the rules recognise in it."""
    if isinstance(row, Medicine):
        row.is_active = row.until is None or row.until >= today
    elif isinstance(row, Condition):
        row.is_active = row.ended_on is None or row.ended_on >= today
    row.tags = tags_of(row, terms, today)


def _checked(data: FactData, today: dt.date) -> dict[str, object]:
    values = asdict(data)
    text = " ".join(data.text.split())
    if not text:
        raise Invalid(_("Write what it is."), field="text")
    values["text"] = text[:300]
    start, end = {
        AllergyData: ("noted_on", ""),
        MedicineData: ("since", "until"),
        ConditionData: ("onset_on", "ended_on"),
    }[type(data)]
    began = values[start]
    if began is not None and began > today:
        raise Invalid(_("This day is still to come."), field=start)
    if end and began is not None and values[end] is not None and values[end] < began:
        raise Invalid(_("The end is before the start."), field=end)
    return values


def _not_before(day: dt.date, start: dt.date | None) -> dt.date:
    return day if start is None else max(day, start)
