"""What a chart page shows of this room: a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch

from mesoclinic.clinic.models import Clinic
from patients.exceptions import FactNotFound, PatientNotFound, ScreeningNotFound
from patients.models import (
    Allergy,
    Condition,
    Medicine,
    Patient,
    Questionnaire,
    Screening,
    ScreeningDecision,
)
from patients.models import ScreeningResult as ResultRow


@dataclass(frozen=True)
class SafetyRecord:
    """Allergies, medicines and conditions; what applies now comes first."""

    allergies: tuple[Allergy, ...]
    medicines: tuple[Medicine, ...]
    conditions: tuple[Condition, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known, which is not the same as nothing to know."""
        return not (self.allergies or self.medicines or self.conditions)


def get_patient(clinic: Clinic, patient_id: UUID) -> Patient:
    """One patient of the clinic. Raises PatientNotFound for everybody else's."""
    patient = Patient.objects.for_clinic(clinic).filter(pk=patient_id, erased_at=None).first()
    if patient is None:
        raise PatientNotFound
    patient.clinic = clinic
    return patient


def get_closed_record(clinic: Clinic, patient_id: UUID) -> Patient:
    """An erased person of whose treatment the law keeps the record. Raises PatientNotFound."""
    rows = Patient.objects.for_clinic(clinic).filter(kept_until__isnull=False)
    patient = rows.filter(pk=patient_id).first()
    if patient is None:
        raise PatientNotFound
    patient.clinic = clinic
    return patient


def safety_record(patient: Patient) -> SafetyRecord:
    """All facts of the patient. Three queries."""
    return SafetyRecord(
        allergies=tuple(Allergy.objects.filter(patient=patient).order_by("-is_active", "text")),
        medicines=tuple(Medicine.objects.filter(patient=patient).order_by("-is_active", "text")),
        conditions=tuple(
            Condition.objects.filter(patient=patient).order_by("-is_active", "-onset_on", "text")
        ),
    )


def published_questionnaire(clinic: Clinic | UUID, key: str = "screening") -> Questionnaire | None:
    """The version in force. One query."""
    return (
        Questionnaire.objects.for_clinic(clinic)
        .filter(key=key, status=Questionnaire.Status.PUBLISHED)
        .first()
    )


@dataclass(frozen=True)
class ScreeningLine:
    """One screening in the history, with the last judgement and the decisions on it."""

    screening: Screening
    result: ResultRow | None
    decisions: tuple[ScreeningDecision, ...]


def screening_history(patient: Patient, limit: int | None = None) -> list[ScreeningLine]:
    """The submitted screenings (the newest `limit`, or all), newest first. Three queries."""
    screenings = list(
        Screening.objects.filter(patient=patient, submitted_at__isnull=False)
        .defer("answers")
        .order_by("-submitted_at")[:limit]
    )
    shown = [one.pk for one in screenings]
    results: dict[UUID, ResultRow] = {}
    for row in (
        ResultRow.objects.filter(screening__in=shown)
        .defer("findings", "inputs")
        .order_by("screening_id", "-evaluated_at", "-id")
        .distinct("screening_id")
    ):
        results[row.screening_id] = row
    decisions: dict[UUID, list[ScreeningDecision]] = {}
    for decision in (
        ScreeningDecision.objects.filter(result__screening__in=shown)
        .select_related("result", "decided_by")
        .defer("result__findings", "result__inputs")
    ):
        decisions.setdefault(decision.result.screening_id, []).append(decision)
    return [
        ScreeningLine(one, results.get(one.pk), tuple(decisions.get(one.pk, ())))
        for one in screenings
    ]


def open_drafts(patient: Patient) -> list[Screening]:
    """Screenings that were begun and not submitted. One query."""
    return list(
        Screening.objects.filter(patient=patient, submitted_at__isnull=True)
        .defer("answers")
        .order_by("-created_at")
    )


def earlier_screening(screening: Screening) -> Screening | None:
    """The submitted screening before this one: the one it began with, else the last. One query."""
    if screening.prefilled_from is not None:
        return screening.prefilled_from
    return (
        Screening.objects.filter(patient=screening.patient, submitted_at__lt=screening.submitted_at)
        .order_by("-submitted_at")
        .first()
    )


def earlier_decisions(screening: Screening) -> list[ScreeningDecision]:
    """What practitioners decided about earlier screenings of this patient, newest first. One query."""
    return list(
        ScreeningDecision.objects.filter(patient=screening.patient)
        .exclude(result__screening=screening)
        .filter(decided_at__lt=screening.submitted_at)
        .select_related("decided_by", "result")
        .defer("result__findings", "result__inputs")
        .order_by("-decided_at", "-id")
    )


def get_screening(clinic: Clinic, screening_id: UUID) -> Screening:
    """One screening with patient and questionnaire. Raises ScreeningNotFound. One query."""
    screening = (
        Screening.objects.for_clinic(clinic)
        .select_related("patient", "questionnaire", "prefilled_from")
        .filter(pk=screening_id, patient__erased_at=None)
        .first()
    )
    if screening is None:
        raise ScreeningNotFound
    screening.clinic = screening.patient.clinic = clinic
    return screening


_FACTS: dict[str, type[Allergy] | type[Medicine] | type[Condition]] = {
    "allergy": Allergy,
    "medicine": Medicine,
    "condition": Condition,
}


def get_fact(
    clinic: Clinic, patient_id: UUID | None, kind: str, fact_id: UUID
) -> Allergy | Medicine | Condition:
    """One entry of the safety record; `kind` is allergy, medicine or condition.

    `patient_id` None accepts any patient of the clinic. Raises FactNotFound. One query.
    """
    model = _FACTS[kind]
    fact = (
        model.objects.for_clinic(clinic)
        .select_related("patient")
        .filter(pk=fact_id, patient__erased_at=None)
        .first()
    )
    if fact is None or (patient_id is not None and fact.patient_id != patient_id):
        raise FactNotFound
    fact.patient.clinic = clinic
    return fact


def results_of(screening: Screening) -> list[ResultRow]:
    """All judgements of one screening, newest first, with their decisions. Two queries."""
    return list(
        ResultRow.objects.filter(screening=screening)
        .prefetch_related(
            Prefetch("decisions", ScreeningDecision.objects.select_related("decided_by"))
        )
        .order_by("-evaluated_at", "-id")
    )
