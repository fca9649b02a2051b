"""What the patients room knows about each patient's safety, for many patients at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from mesoclinic.clinic.models import Clinic
from patients.domain.findings import Finding, FindingKind
from patients.domain.record import ItemKind, Person, RecordItem, build_record_facts
from patients.domain.terms import PAST
from patients.models import Allergy, Condition, Medicine, Patient, ScreeningDecision
from patients.models.record import RecordFact
from patients.selectors import ScreeningStatus, clinic_terms, screening_status_for
from patients.selectors.facts import as_item
from treatments.domain.cocktail import PatientFacts
from treatments.domain.readiness import Decision, ScreeningFacts

_DECISIONS = {
    ScreeningDecision.Decision.TREAT.value: Decision.TREAT,
    ScreeningDecision.Decision.CONDITIONS.value: Decision.TREAT_WITH_CONDITIONS,
    ScreeningDecision.Decision.DEFER.value: Decision.DEFER,
    ScreeningDecision.Decision.REFUSE.value: Decision.DO_NOT_TREAT,
}
# A finding from a doubt or a missing answer says nothing about what the patient has.
_SAID = frozenset({FindingKind.ANSWERED, FindingKind.RECORD})


@dataclass(frozen=True)
class PatientSafety:
    """The screening in force and the safety facts of one patient."""

    status: ScreeningStatus
    facts: PatientFacts
    deceased: bool = False
    reconfirmed_on: dt.date | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of the screening in force, gravest first."""
        return () if self.status.result is None else self.status.result.findings

    def screening_on(self, day: dt.date) -> ScreeningFacts:
        """The screening as the gate sees it for a visit on the local day `day`.

        Leave to treat that covers the findings of an earlier day covers those of a later one:
        dated findings only end.
        """
        if self.status.result is None:
            return ScreeningFacts()
        decision = self.status.decision
        return ScreeningFacts(
            outcome=self.status.result.outcome_on(day),
            valid_until=self.status.valid_until,
            decision=None if decision is None else _DECISIONS[decision.decision],
            decided_until=None if decision is None else decision.defer_until,
            conditions=self.status.conditions,
            reconfirmed_on=self.reconfirmed_on,
        )


@dataclass
class _Lines:
    """The safety record of one patient as the rules read it, and the tags that are stored with it."""

    patient: Patient
    items: list[RecordItem] = field(default_factory=list)
    active_tags: set[str] = field(default_factory=set)
    past_tags: set[str] = field(default_factory=set)

    def add(self, row: RecordFact, item: RecordItem) -> None:
        """One row. Its stored tags count beside today's words: what was known once stays known."""
        self.items.append(item)
        for tag in row.tags:
            past = not item.active or tag.startswith(PAST)
            (self.past_tags if past else self.active_tags).add(tag.removeprefix(PAST))


def safety_of(clinic: Clinic, patients: Iterable[UUID], on: dt.date) -> dict[UUID, PatientSafety]:
    """The safety record of each patient of the clinic as it weighs on the local day `on`.

    Seven queries, however many patients.
    """
    rows = Patient.objects.for_clinic(clinic).filter(pk__in=set(patients))
    lines = {row.pk: _Lines(row) for row in rows}
    _add_items(lines, on)
    statuses = screening_status_for(lines, on, clinic=clinic)
    terms = clinic_terms(clinic)
    found: dict[UUID, PatientSafety] = {}
    for pk, line in lines.items():
        patient, status = line.patient, statuses[pk]
        person = Person(patient.birth_date, patient.sex, patient.guardian_consent_on is not None)
        record = build_record_facts(line.items, terms, person, on)
        said = {tag for one in status.findings if one.kind in _SAID for tag in one.tags}
        doubts = {
            tag for one in status.findings if one.kind is FindingKind.UNKNOWN for tag in one.tags
        }
        past = {tag.removeprefix(PAST) for tag in said if tag.startswith(PAST)}
        found[pk] = PatientSafety(
            status=status,
            facts=PatientFacts(
                active_tags=record.active_tags | line.active_tags | said,
                past_tags=record.past_tags | line.past_tags | past,
                doubtful_tags=frozenset(doubts),
                weight_kg=patient.weight_kg,
            ),
            deceased=patient.deceased_on is not None,
            reconfirmed_on=_reconfirmed_on(clinic, status),
        )
    return found


def _reconfirmed_on(clinic: Clinic, status: ScreeningStatus) -> dt.date | None:
    """The day of the last "nothing has changed", or of the whole questionnaire, if later."""
    moments = [one for one in (status.submitted_at, status.confirmed_at) if one is not None]
    return clinic.today(max(moments)) if moments else None


def _add_items(lines: Mapping[UUID, _Lines], on: dt.date) -> None:
    for allergy in Allergy.objects.filter(patient_id__in=lines):
        item = as_item(allergy, ItemKind.ALLERGY, allergy.is_active, allergy.noted_on)
        lines[allergy.patient_id].add(allergy, item)
    for medicine in Medicine.objects.filter(patient_id__in=lines):
        item = as_item(medicine, ItemKind.MEDICINE, medicine.taken_on(on), medicine.since)
        lines[medicine.patient_id].add(medicine, item)
    for condition in Condition.objects.filter(patient_id__in=lines):
        lasts = condition.is_active and (condition.ended_on is None or condition.ended_on >= on)
        item = as_item(condition, ItemKind.CONDITION, lasts, condition.onset_on)
        lines[condition.patient_id].add(condition, item)
