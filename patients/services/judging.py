"""Judging a screening by its rules, again whenever the record changes."""

from __future__ import annotations

import datetime as dt

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.calendar import add_days
from patients import signals
from patients.domain.codec import to_json
from patients.domain.screening import QuestionnaireSpec, ScreeningResult, evaluate
from patients.models import Patient, Questionnaire, Screening
from patients.models import ScreeningResult as ResultRow
from patients.selectors import (
    ScreeningStatus,
    Standing,
    clinic_terms,
    record_facts,
    screening_status,
)
from patients.services.questionnaires import check_spec


def questionnaire_spec(questionnaire: Questionnaire) -> QuestionnaireSpec:
    """The questions and rules of a stored version. Raises QuestionnaireBroken with the place."""
    return check_spec(questionnaire.spec)


def lock_patient(patient: Patient) -> None:
    """Serialise what is decided about one patient. Call inside a transaction."""
    Patient.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=patient.pk)


def judge(*, screening: Screening, today: dt.date) -> tuple[ScreeningResult, dict[str, object]]:
    """The judgement on `today` and the inputs to store beside it. Five queries, writes nothing."""
    terms = clinic_terms(screening.clinic_id)
    record = record_facts(screening.patient, today, terms=terms)
    spec = questionnaire_spec(screening.questionnaire)
    result = evaluate(spec, screening.answers, record, today, terms)
    inputs: dict[str, object] = {
        "today": today.isoformat(),
        "version": result.version,
        "missing": list(result.missing),
        "record": to_json(record),
    }
    return result, inputs


def store_judgement(
    *, actor: Actor, screening: Screening, before: ScreeningStatus, now: dt.datetime
) -> ResultRow:
    """Judge a submitted screening now, store it, and announce what changed.

    `before` is the patient's standing before the change that led here. Call under `lock_patient`.
    """
    clinic = screening.clinic
    result, inputs = judge(screening=screening, today=clinic.today(now))
    row = _same_as_last(screening, result, inputs)
    if row is None:
        row = ResultRow.objects.create(
            clinic=clinic,
            patient=screening.patient,
            screening=screening,
            outcome=result.outcome.value,
            findings=to_json(result.findings),
            inputs=inputs,
            evaluated_at=now,
            created_at=now,
            valid_until=valid_until(screening, now),
        )
        signals.screening_evaluated.send(
            sender=ResultRow, clinic=clinic, actor=actor, now=now,
            patient=screening.patient, screening=screening, result=row,
        )  # fmt: skip
    announce(actor=actor, before=before, row=row, now=now)
    return row


def valid_until(screening: Screening, now: dt.datetime) -> dt.date:
    """The last day of validity: counted from the day it was filled, never from a later judgement.

    The stricter of the questionnaire's own span and the clinic's setting counts.
    """
    spec = questionnaire_spec(screening.questionnaire)
    days = min(spec.validity_days, screening.clinic.screening_valid_days)
    return add_days(screening.clinic.today(screening.submitted_at or now), days)


def announce(
    *, actor: Actor, before: ScreeningStatus, row: ResultRow, now: dt.datetime
) -> ScreeningStatus:
    """Tell upper apps when the patient has become, or ceased to be, somebody not to treat."""
    patient = row.patient
    after = screening_status(patient, patient.clinic.today(now))
    stopped = (before.standing is Standing.STOPPED, after.standing is Standing.STOPPED)
    signal = {
        (False, True): signals.patient_contraindicated,
        (True, False): signals.patient_cleared,
    }.get(stopped)
    if signal is not None:
        signal.send(
            sender=ResultRow, clinic=patient.clinic, actor=actor, now=now,
            patient=patient, result=row,
        )  # fmt: skip
    return after


def reevaluate(*, actor: Actor, patient: Patient, now: dt.datetime) -> ResultRow | None:
    """Judge the latest submitted screening anew after the record changed; None without one.

    Call inside the transaction that changed the record. A judgement that comes out the same on the
    same record writes no row.
    """
    with audited(actor):
        lock_patient(patient)
        screening = (
            Screening.objects.filter(patient=patient, submitted_at__isnull=False)
            .select_related("questionnaire", "clinic", "patient")
            .order_by("-submitted_at")
            .first()
        )
        if screening is None:
            return None
        screening.patient = patient
        before = screening_status(patient, patient.clinic.today(now))
        return store_judgement(actor=actor, screening=screening, before=before, now=now)


def _same_as_last(
    screening: Screening, result: ScreeningResult, inputs: dict[str, object]
) -> ResultRow | None:
    last = (
        ResultRow.objects.filter(screening=screening)
        .select_related("patient")
        .order_by("-evaluated_at", "-id")
        .first()
    )
    if last is None or last.outcome != result.outcome.value:
        return None
    same = last.findings == to_json(result.findings) and last.inputs["record"] == inputs["record"]
    if not same:
        return None
    last.patient = screening.patient
    return last
