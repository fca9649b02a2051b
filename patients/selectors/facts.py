"""The safety record of a patient in the terms of the screening rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from mesoclinic.clinic.models import Clinic
from patients.domain.matching import Context, recorded_facts
from patients.domain.questionnaire import QuestionnaireSpec
from patients.domain.record import ItemKind, Person, RecordFacts, RecordItem, build_record_facts
from patients.domain.terms import Term, TermKind, coded
from patients.models import Allergy, ClinicalTerm, Condition, Medicine, Patient
from patients.models.record import RecordFact


def clinic_terms(clinic: Clinic | UUID) -> tuple[Term, ...]:
    """The clinic's words and codes as the rules read them. One query."""
    return tuple(
        Term(
            kind=TermKind(row.kind),
            tag=row.tag,
            words=tuple(row.words),
            codes=tuple(row.codes),
            excludes=tuple(row.excludes),
            past=row.is_past,
        )
        for row in ClinicalTerm.objects.for_clinic(clinic).order_by("kind", "tag", "is_past")
    )


def tag_labels(clinic: Clinic) -> dict[str, str]:
    """The clinic's word for each tag ("Fish" for allergen:fish). One query."""
    return dict(ClinicalTerm.objects.for_clinic(clinic).values_list("tag", "label"))


def record_facts(
    patient: Patient, today: date, *, terms: Iterable[Term] | None = None
) -> RecordFacts:
    """What the record of `patient` says on the clinic's day `today`.

    Three queries, and one more for the clinic's terms unless `terms` are given.
    """
    known = clinic_terms(patient.clinic_id) if terms is None else tuple(terms)
    person = Person(
        birth_date=patient.birth_date,
        sex=patient.sex,
        guardian_consent=patient.guardian_consent_on is not None,
    )
    return build_record_facts(record_items(patient, today), known, person, today)


def record_items(patient: Patient, today: date) -> list[RecordItem]:
    """Every line of the safety record, also what is over. Three queries."""
    allergies = Allergy.objects.filter(patient=patient)
    medicines = Medicine.objects.filter(patient=patient)
    conditions = Condition.objects.filter(patient=patient)
    return [
        *(as_item(row, ItemKind.ALLERGY, row.is_active, row.noted_on) for row in allergies),
        *(as_item(row, ItemKind.MEDICINE, row.taken_on(today), row.since) for row in medicines),
        *(as_item(row, ItemKind.CONDITION, _lasts(row, today), row.onset_on) for row in conditions),
    ]


def as_item(
    row: RecordFact,
    kind: ItemKind,
    active: bool,  # noqa: FBT001
    since: date | None,
) -> RecordItem:
    """One row as a line for the rules."""
    code = coded(row.code_system, row.code)
    codes = dict.fromkeys([*row.codes, *([code] if code else [])])
    return RecordItem(kind, row.text, tuple(codes), active, since)


def _lasts(row: Condition, today: date) -> bool:
    return row.is_active and (row.ended_on is None or row.ended_on >= today)


def record_hints(
    spec: QuestionnaireSpec, record: RecordFacts, today: date
) -> dict[str, tuple[str, ...]]:
    """What the record says about each question, in its own words ("Warfarin 5 mg"), by key."""
    context = Context.build(spec, {}, record, today, ())
    said: dict[str, set[str]] = {}
    for rule in spec.rules:
        for trigger in rule.when:
            if trigger.question:
                words = {fact.text for fact in recorded_facts(trigger, context)}
                said.setdefault(trigger.question, set()).update(words)
    return {key: tuple(sorted(words)) for key, words in said.items() if words}
