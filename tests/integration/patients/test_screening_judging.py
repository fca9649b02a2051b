"""What the record adds to a judgement, and confirming that nothing has changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from mesoclinic.audit.actors import Actor
from mesoclinic.common.errors import Invalid
from patients import services, signals
from patients.exceptions import (
    ClinicalContent,
    NothingToConfirm,
)
from patients.models import (
    Allergy,
    Patient,
    Questionnaire,
    ScreeningConfirmation,
    ScreeningResult,
)
from patients.selectors import Standing, screening_status
from tests.factories.patients import (
    NOW,
    TODAY,
    PatientFactory,
    confirmed,
    draft_for,
    screened,
)
from tests.integration.patients.conftest import heard, start

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


# --- the record weighs too ------------------------------------------------------------------------


def test_the_record_contradicts(patient: Patient, doctor: Actor) -> None:
    draft_for(patient)
    services.add_fact(
        actor=doctor, patient=patient, data=services.MedicineData("Warfarin 5 mg"), now=NOW
    )
    result = screened(patient, doctor, anticoagulants="no")
    assert result.outcome == "review"
    contradictions = [one for one in result.findings if one["kind"] == "contradiction"]
    assert any("Warfarin" in one["message"] for one in contradictions)


def test_each_change_of_the_record_is_judged(
    patient: Patient, doctor: Actor, questionnaire: Questionnaire
) -> None:
    first = screened(patient, doctor)
    assert first.outcome == "cleared"
    with heard(signals.patient_contraindicated) as stopped, heard(signals.patient_cleared) as freed:
        stroke = services.add_fact(
            actor=doctor, patient=patient, data=services.ConditionData("Stroke"), now=NOW + DAY
        )
        assert screening_status(patient, TODAY).standing is Standing.STOPPED
        assert [call["patient"].pk for call in stopped] == [patient.pk]
        services.change_fact(
            actor=doctor, fact=stroke, now=NOW + DAY,
            data=services.ConditionData("Sprained ankle"),
        )  # fmt: skip
        assert [call["patient"].pk for call in freed] == [patient.pk]
    outcomes = ScreeningResult.objects.filter(patient=patient).order_by("evaluated_at", "id")
    assert [row.outcome for row in outcomes] == ["cleared", "contraindicated", "cleared"]
    assert {row.valid_until for row in outcomes} == {first.valid_until}


def test_the_guardians_consent_is_judged(clinic: Any, doctor: Actor) -> None:
    minor = PatientFactory(clinic=clinic, birth_date=dt.date(2010, 1, 1))
    assert screened(minor, doctor).outcome == "contraindicated"
    data = services.PatientData.of(minor)
    agreed = dataclasses.replace(data, guardian_name="Mum", guardian_consent_on=TODAY)
    with heard(signals.patient_cleared) as freed:
        services.update_patient(actor=doctor, patient=minor, data=agreed, now=NOW)
    assert len(freed) == 1
    assert screening_status(minor, TODAY).standing is not Standing.STOPPED


def test_a_fact_is_not_added_twice(patient: Patient, doctor: Actor) -> None:
    data = services.AllergyData("Fish")
    rows = [services.add_fact(actor=doctor, patient=patient, data=data, now=NOW) for _ in range(2)]
    assert rows[0].pk == rows[1].pk
    assert Allergy.objects.get().tags == ["allergy"]
    # What is said anew with a graver reaction must not be swallowed.
    graver = services.AllergyData("fish", reaction="could not breathe", severity="severe")
    added = services.add_fact(actor=doctor, patient=patient, data=graver, now=NOW)
    assert {added.pk, rows[0].pk} == set(Allergy.objects.values_list("pk", flat=True))


def test_facts_carry_the_tags_of_the_clinics_terms(
    patient: Patient, doctor: Actor, questionnaire: Questionnaire
) -> None:
    fish = services.add_fact(
        actor=doctor, patient=patient, data=services.AllergyData("Salmon"), now=NOW
    )
    assert "allergen:fish" in fish.tags
    ended = services.end_fact(actor=doctor, fact=fish, now=NOW)
    assert (ended.is_active, ended.closed_here) == (False, True)


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (services.AllergyData(" "), "text"),
        (services.MedicineData("X", since=TODAY + DAY), "since"),
        (services.MedicineData("X", since=TODAY, until=TODAY - DAY), "until"),
        (services.ConditionData("X", onset_on=TODAY, ended_on=TODAY - DAY), "ended_on"),
    ],
)
def test_impossible_facts_are_refused(patient: Patient, doctor: Actor, data: Any, at: str) -> None:
    with pytest.raises(Invalid) as refused:
        services.add_fact(actor=doctor, patient=patient, data=data, now=NOW)
    assert refused.value.field == at


# --- confirming -----------------------------------------------------------------------------------


def test_confirming_is_recorded_once_and_lengthens_nothing(patient: Patient, desk: Actor) -> None:
    result = screened(patient, desk)
    for _ in range(2):
        confirmed(result, NOW + DAY)
    assert ScreeningConfirmation.objects.count() == 1
    status = screening_status(patient, TODAY + DAY)
    assert status.confirmed_at == NOW + DAY
    assert status.valid_until == result.valid_until


def test_only_a_valid_screening_is_confirmed(patient: Patient, desk: Actor) -> None:
    with pytest.raises(NothingToConfirm):
        services.confirm_unchanged(actor=desk, patient=patient, now=NOW)
    result = screened(patient, desk)
    with pytest.raises(NothingToConfirm):
        confirmed(result, NOW + 200 * DAY)
    other = PatientFactory(clinic=patient.clinic)
    with pytest.raises(NothingToConfirm):
        confirmed(screened(other, desk, stroke="yes"))


def test_what_changed_starts_from_the_last_answers(
    patient: Patient, desk: Actor, doctor: Actor
) -> None:
    first = screened(patient, desk, expectations="Less tired")
    draft = start(patient, doctor, prefill=True)
    assert draft.answers == first.screening.answers
    assert draft.prefilled_from_id == first.screening_id
    with pytest.raises(ClinicalContent):
        start(patient, desk)
    assert not services.can_fill(desk, draft)
    assert services.can_fill(doctor, draft)


def test_the_desk_never_starts_from_the_last_answers(patient: Patient, desk: Actor) -> None:
    screened(patient, desk)
    with pytest.raises(ClinicalContent):
        start(patient, desk, prefill=True)
    assert start(patient, desk).answers == {}
