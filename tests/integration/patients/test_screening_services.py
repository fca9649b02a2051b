"""Filling, submitting, judging, confirming and deciding."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from mesoclinic.common.errors import Conflict, Invalid
from patients import services, signals
from patients.exceptions import (
    AlreadySubmitted,
    AnswerNotAccepted,
    AnswersMissing,
    ClinicalContent,
    DecisionNotAllowed,
    DecisionOutdated,
    NoQuestionnaire,
    NothingToConfirm,
    PatientClosed,
    QuestionnaireReplaced,
)
from patients.models import (
    Allergy,
    Patient,
    Questionnaire,
    Screening,
    ScreeningConfirmation,
    ScreeningResult,
)
from patients.selectors import Standing, screening_status, screening_status_for
from tests.factories.patients import (
    NOW,
    TODAY,
    PatientFactory,
    actor_for,
    confirmed,
    decided,
    draft_for,
    good_answers,
    screened,
)
from tests.integration.patients.conftest import heard

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def start(patient: Patient, actor: Actor, **kwargs: Any) -> Screening:
    return services.start_screening(actor=actor, patient=patient, channel="desk", now=NOW, **kwargs)


# --- filling --------------------------------------------------------------------------------------


def test_without_a_published_questionnaire_nothing_starts(patient: Patient, desk: Actor) -> None:
    with pytest.raises(NoQuestionnaire):
        start(patient, desk)


def test_the_dead_are_not_screened(
    patient: Patient, desk: Actor, questionnaire: Questionnaire
) -> None:
    patient.deceased_on = TODAY
    with pytest.raises(PatientClosed):
        start(patient, desk)


def test_starting_twice_gives_the_same_draft(
    patient: Patient, desk: Actor, questionnaire: Questionnaire
) -> None:
    assert start(patient, desk).pk == start(patient, desk).pk
    by_link = services.start_screening(actor=desk, patient=patient, channel="link", now=NOW)
    assert by_link.pk != start(patient, desk).pk


def test_answers_are_kept_one_by_one(patient: Patient, desk: Actor) -> None:
    draft = draft_for(patient, desk)
    save = services.save_answers
    save(actor=desk, screening=draft, answers={"stroke": "no"}, now=NOW)
    save(actor=desk, screening=draft, answers={"keloid": "unknown"}, now=NOW)
    kept = save(actor=desk, screening=draft, answers={"stroke": None}, now=NOW)
    assert kept.answers == {"keloid": "unknown"}


def test_an_answer_whose_question_is_closed_goes_with_it(patient: Patient, desk: Actor) -> None:
    draft = draft_for(patient, desk)
    given = {"recent_peel": "yes", "recent_peel_on": "2026-03-01"}
    services.save_answers(actor=desk, screening=draft, answers=given, now=NOW)
    kept = services.save_answers(
        actor=desk, screening=draft, answers={"recent_peel": "no"}, now=NOW
    )
    assert kept.answers == {"recent_peel": "no"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stroke", "perhaps"),
        ("stroke", 3),
        ("recent_peel_on", "yesterday"),
        ("product_allergies", "fish"),
        ("product_allergies", ["unicorn"]),
        ("allergy_list", [{"name": 3}]),
        ("no_such_question", "yes"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(
    patient: Patient, desk: Actor, key: str, value: object
) -> None:
    draft = draft_for(patient, desk)
    with pytest.raises(AnswerNotAccepted) as refused:
        services.save_answers(actor=desk, screening=draft, answers={key: value}, now=NOW)
    assert refused.value.field == key


# --- submitting -----------------------------------------------------------------------------------


def test_good_answers_clear(patient: Patient, desk: Actor) -> None:
    with heard(signals.screening_evaluated) as calls:
        result = screened(patient, desk)
    assert result.outcome == "cleared", result.findings
    assert result.valid_until == TODAY + 180 * DAY
    assert [call["result"].pk for call in calls] == [result.pk]
    status = screening_status(patient, TODAY)
    assert (status.standing, status.is_valid) == (Standing.CLEARED, True)


def test_what_is_missing_is_listed(patient: Patient, desk: Actor) -> None:
    draft = draft_for(patient, desk)
    answers = good_answers(draft.questionnaire)
    del answers["stroke"], answers["pregnancy"]
    services.save_answers(actor=desk, screening=draft, answers=answers, now=NOW)
    with pytest.raises(AnswersMissing) as refused:
        services.submit_screening(actor=desk, screening=draft, now=NOW)
    assert set(refused.value.missing) == {"stroke", "pregnancy"}
    assert Screening.objects.get(pk=draft.pk).submitted_at is None
    assert screening_status(patient, TODAY).standing is Standing.NONE


def test_the_clinic_may_shorten_the_validity(patient: Patient, desk: Actor) -> None:
    patient.clinic.screening_valid_days = 30
    patient.clinic.save()
    assert screened(patient, desk).valid_until == TODAY + 30 * DAY
    assert screening_status(patient, TODAY + 30 * DAY).standing is Standing.CLEARED
    assert screening_status(patient, TODAY + 31 * DAY).standing is Standing.EXPIRED


def test_what_was_submitted_never_changes(patient: Patient, desk: Actor) -> None:
    result = screened(patient, desk)
    screening = result.screening
    with pytest.raises(AlreadySubmitted):
        services.save_answers(actor=desk, screening=screening, answers={"stroke": "yes"}, now=NOW)
    with pytest.raises(AlreadySubmitted):
        services.submit_screening(actor=desk, screening=screening, now=NOW)
    with pytest.raises(AlreadySubmitted):
        services.discard_draft(actor=desk, screening=screening)


def test_the_database_refuses_to_change_what_was_judged(
    patient: Patient, practitioner: Membership, doctor: Actor
) -> None:
    result = screened(patient, doctor, keloid="yes")
    decision = decided(result, practitioner)
    confirmation = confirmed(result)
    for row, change in (
        (result.screening, {"answers": {}}),
        (result, {"outcome": "cleared"}),
        (decision, {"reason": "something else"}),
        (confirmation, {"confirmed_by": "somebody else"}),
    ):
        rows = type(row)._default_manager.filter(pk=row.pk)
        for refused in (
            lambda rows=rows, change=change: rows.update(**change),
            lambda rows=rows: rows._raw_delete(rows.db),
        ):
            with pytest.raises(Exception, match=r"refused|Cannot update or delete|restrict"):  # noqa: SIM117
                with transaction.atomic():
                    refused()
    questionnaire = Questionnaire.objects.filter(pk=result.screening.questionnaire_id)
    for attempt in (
        lambda: questionnaire.update(spec={}),
        lambda: questionnaire._raw_delete(questionnaire.db),
    ):
        with pytest.raises(Exception, match=r"pgtrigger: Cannot"):  # noqa: SIM117
            with transaction.atomic():
                attempt()


def test_a_new_version_in_between_keeps_the_answers(
    patient: Patient, desk: Actor, questionnaire: Questionnaire
) -> None:
    draft = draft_for(patient, desk)
    answers = good_answers(questionnaire)
    services.save_answers(actor=desk, screening=draft, answers=answers, now=NOW)
    newer = Questionnaire.objects.create(
        clinic=patient.clinic, version=2, title="Two", spec=questionnaire.spec
    )
    services.publish_questionnaire(actor=desk, questionnaire=newer, now=NOW)
    with pytest.raises(QuestionnaireReplaced):
        services.submit_screening(actor=desk, screening=draft, now=NOW)
    again = start(patient, desk)
    assert again.questionnaire_id == newer.pk
    assert again.answers == answers
    assert not Screening.objects.filter(pk=draft.pk).exists()


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
