"""Filling and submitting a questionnaire."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from patients import services, signals
from patients.exceptions import (
    AlreadySubmitted,
    AnswerNotAccepted,
    AnswersMissing,
    NoQuestionnaire,
    PatientClosed,
    QuestionnaireReplaced,
)
from patients.models import (
    Patient,
    Questionnaire,
    Screening,
)
from patients.selectors import Standing, screening_status
from tests.factories.patients import (
    NOW,
    TODAY,
    confirmed,
    decided,
    draft_for,
    good_answers,
    screened,
)
from tests.integration.patients.conftest import heard, start

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


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
