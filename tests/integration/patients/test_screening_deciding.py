"""Decisions of practitioners, and where many patients stand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from mesoclinic.common.errors import Conflict, Invalid
from patients import services, signals
from patients.exceptions import (
    ClinicalContent,
    DecisionNotAllowed,
    DecisionOutdated,
)
from patients.models import (
    Patient,
    Questionnaire,
)
from patients.selectors import Standing, screening_status, screening_status_for
from tests.factories.patients import (
    NOW,
    TODAY,
    PatientFactory,
    actor_for,
    decided,
    screened,
)
from tests.integration.patients.conftest import heard

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


# --- deciding -------------------------------------------------------------------------------------


def test_a_practitioner_decides_a_review(
    patient: Patient, practitioner: Membership, doctor: Actor
) -> None:
    result = screened(patient, doctor, keloid="yes")
    assert screening_status(patient, TODAY).standing is Standing.REVIEW
    decided(result, practitioner, "conditions", conditions="Small areas only")
    status = screening_status(patient, TODAY)
    assert status.standing is Standing.ACCEPTED
    assert status.conditions == "Small areas only"


def test_only_practitioners_decide(patient: Patient, desk: Actor, manager: Membership) -> None:
    result = screened(patient, desk, keloid="yes")
    data = services.DecisionData("treat", "Fine")
    for actor in (desk, actor_for(manager), Actor.system(patient.clinic_id)):
        with pytest.raises(ClinicalContent):
            services.decide_screening(actor=actor, result=result, data=data, now=NOW)


def test_an_absolute_finding_is_not_overridden(
    patient: Patient, practitioner: Membership, doctor: Actor
) -> None:
    result = screened(patient, doctor, stroke="yes")
    for decision in ("treat", "conditions"):
        with pytest.raises(DecisionNotAllowed):
            decided(result, practitioner, decision, conditions="None")
    decided(result, practitioner, "refuse")
    assert screening_status(patient, TODAY).standing is Standing.STOPPED


def test_deferring_holds_until_the_day(
    patient: Patient, practitioner: Membership, doctor: Actor
) -> None:
    result = screened(patient, doctor, keloid="yes")
    decided(result, practitioner, "defer", defer_until=TODAY + 7 * DAY)
    assert screening_status(patient, TODAY + 6 * DAY).standing is Standing.DEFERRED
    assert screening_status(patient, TODAY + 7 * DAY).standing is Standing.REVIEW


def test_a_new_finding_asks_for_a_new_decision(
    patient: Patient, practitioner: Membership, doctor: Actor
) -> None:
    result = screened(patient, doctor, keloid="yes")
    decided(result, practitioner)
    services.add_fact(
        actor=doctor, patient=patient, now=NOW, data=services.MedicineData("Vitamin tablets")
    )
    assert screening_status(patient, TODAY).standing is Standing.ACCEPTED
    services.add_fact(
        actor=doctor, patient=patient, now=NOW, data=services.MedicineData("Warfarin 5 mg")
    )
    assert screening_status(patient, TODAY).standing is Standing.REVIEW
    with pytest.raises(DecisionOutdated):
        decided(result, practitioner)


def test_refusing_and_taking_it_back_are_announced(
    patient: Patient, practitioner: Membership, doctor: Actor
) -> None:
    result = screened(patient, doctor)
    with heard(signals.patient_contraindicated) as stopped, heard(signals.patient_cleared) as freed:
        decided(result, practitioner, "refuse")
        decided(result, practitioner, "refuse")
        decided(result, practitioner, "treat")
    assert (len(stopped), len(freed)) == (1, 1)
    assert screening_status(patient, TODAY).standing is Standing.CLEARED


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"decision": "dance"}, "decision"),
        ({"decision": "treat", "reason": " "}, "reason"),
        ({"decision": "conditions"}, "conditions"),
        ({"decision": "defer"}, "defer_until"),
        ({"decision": "defer", "defer_until": TODAY}, "defer_until"),
    ],
)
def test_a_decision_must_be_whole(
    patient: Patient, doctor: Actor, fields: dict[str, Any], at: str
) -> None:
    result = screened(patient, doctor, keloid="yes")
    data = services.DecisionData(**{"reason": "Because", **fields})
    with pytest.raises(Invalid) as refused:
        services.decide_screening(actor=doctor, result=result, data=data, now=NOW)
    assert refused.value.field == at


# --- standing in bulk -----------------------------------------------------------------------------


def test_many_standings_cost_two_queries(
    clinic: Any, stranger: Patient, doctor: Actor, django_assert_num_queries: Any
) -> None:
    cleared, review, nothing = (PatientFactory(clinic=clinic) for _ in range(3))
    screened(cleared, doctor)
    screened(review, doctor, keloid="yes")
    screened(stranger)
    people: list[Patient] = [cleared, review, nothing, stranger]
    with django_assert_num_queries(2):
        found = screening_status_for(people, TODAY, clinic=clinic)
    assert [found[one.pk].standing for one in people] == [
        Standing.CLEARED, Standing.REVIEW, Standing.NONE, Standing.NONE,
    ]  # fmt: skip
    with django_assert_num_queries(0):
        assert screening_status_for([], TODAY) == {}


def test_only_a_draft_is_published(questionnaire: Questionnaire, desk: Actor) -> None:
    with pytest.raises(Conflict):
        services.publish_questionnaire(actor=desk, questionnaire=questionnaire, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Questionnaire.objects.create(
            clinic=questionnaire.clinic, version=9, title="x", spec={}, status="published",
            published_at=NOW,
        )  # fmt: skip


def test_the_end_of_a_screening_is_announced_two_weeks_ahead(patient: Patient) -> None:
    screened(patient, now=NOW)
    last = screening_status(patient, NOW.date()).valid_until
    assert last is not None
    soon = {
        left: screening_status(patient, last - dt.timedelta(days=left)).ends_soon
        for left in (15, 14, 0, -1)
    }
    assert soon == {15: False, 14: True, 0: True, -1: False}
