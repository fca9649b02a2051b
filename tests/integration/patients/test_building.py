"""Questionnaires built on the staff page: drafted, changed, previewed, simulated, published."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients import services
from patients.exceptions import NotADraft
from patients.models import Patient, Questionnaire
from tests.factories.patients import NOW, screened
from treatments.models import TargetArea

pytestmark = pytest.mark.django_db


@pytest.fixture
def ayla(practitioner: Membership, client_for: Any) -> Client:
    client: Client = client_for(practitioner)
    return client


@pytest.fixture
def draft(questionnaire: Questionnaire, doctor: Actor) -> Questionnaire:
    spec = services.questionnaire_spec(questionnaire)
    keys = {one.key for question in spec.questions.values() for one in question.options
            if question.kind.value == "body_area" and not one.exclusive}  # fmt: skip
    TargetArea.objects.bulk_create(
        TargetArea(clinic=questionnaire.clinic, key=key, name=key, region="body") for key in keys
    )
    return services.start_draft(actor=doctor, source=questionnaire, now=NOW)


def at(name: str, row: Questionnaire, **more: str) -> str:
    return reverse(f"patients:{name}", kwargs={"pk": row.pk, **more})


def spec_of(row: Questionnaire) -> Any:
    row.refresh_from_db()
    return services.questionnaire_spec(row)


def test_a_draft_is_the_next_version_and_there_is_one(
    ayla: Client, questionnaire: Questionnaire, draft: Questionnaire
) -> None:
    assert "In force" in ayla.get(reverse("patients:questionnaires")).content.decode()
    first = ayla.post(reverse("patients:questionnaires"))
    second = ayla.post(reverse("patients:questionnaires"))
    assert first.url == second.url  # type: ignore[attr-defined]
    assert Questionnaire.objects.get(status="draft") == draft
    assert (draft.version, draft.spec["version"]) == (2, "2")
    shown = ayla.get(at("questionnaire", draft)).content.decode()
    assert "Nothing odd" in shown
    assert "Are you pregnant" in shown


def test_a_question_with_choices_a_condition_and_a_rule_is_built_without_code(
    ayla: Client, draft: Questionnaire, patient: Patient
) -> None:
    added = ayla.post(
        at("question-add", draft, section="habits"),
        {
            "text_en": "Do you work outdoors?", "text_fr": "Travaillez-vous dehors ?",
            "help_en": "", "kind": "one_of", "required": "on", "section": "habits",
            "show_question": "sun", "show_values": ["sun:often", "smoking:now"],
            "options-total": "3", "option0-label_en": "Yes", "option0-label_fr": "Oui",
            "option1-label_en": "No", "option1-exclusive": "on", "option2-label_en": "",
        },
    )  # fmt: skip
    assert added.status_code == 302, added.content.decode()[:3000]
    question = spec_of(draft).questions["do_you_work_outdoors"]
    assert [one.key for one in question.options] == ["yes", "no"]
    assert question.show_if.values == ("often",)
    assert question.text["fr"] == "Travaillez-vous dehors ?"
    made = ayla.post(
        at("rule-add", draft),
        {
            "t0-question": question.key, "t0-values": [f"{question.key}:yes"],
            "message_en": "Works outdoors.", "advice_en": "Talk about sun.", "severity": "caution",
            "areas": ["face"], "source": "G",
        },
    )  # fmt: skip
    assert made.status_code == 302, made.content.decode()[:3000]
    rule = spec_of(draft).rules_by_key["works_outdoors"]
    assert (rule.areas, rule.severity.value) == (("face",), "caution")
    assert rule.when[0].values == ("yes",)
    shown = ayla.get(at("questionnaire", draft)).content.decode()
    assert "not written in: fr" in shown  # the linter speaks on the page
    again = ayla.get(at("question-edit", draft, question=question.key)).content.decode()
    assert "Works outdoors." in again
    preview = ayla.get(at("questionnaire-preview", draft) + "?step=6&language=fr")
    assert "Travaillez-vous dehors" in preview.content.decode()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"text_en": "", "kind": "text"}, "required"),
        ({"text_en": "Which?", "kind": "one_of"}, "needs options"),
        ({"text_en": "N?", "kind": "number", "minimum": "9", "maximum": "1"}, "less than"),
        ({"text_en": "Q?", "kind": "text", "show_question": "sun"}, "at least one answer"),
    ],
)
def test_what_makes_no_sense_is_refused_at_the_field_and_nothing_typed_is_lost(
    ayla: Client, draft: Questionnaire, sent: dict[str, str], words: str
) -> None:
    before = draft.spec
    answer = ayla.post(
        at("question-add", draft, section="habits"),
        {"section": "habits", "options-total": "3", "help_en": "kept", **sent},
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "kept" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.spec == before


def test_a_rule_without_condition_or_with_half_an_end_is_refused(
    ayla: Client, draft: Questionnaire
) -> None:
    sent = {"message_en": "Hm.", "severity": "note", "source": "G"}
    assert "one condition at least" in ayla.post(at("rule-add", draft), sent).content.decode()
    half = ayla.post(
        at("rule-edit", draft, rule="vaccination"),
        {**sent, "until_question": "vaccination_on", "defers": "on"},
    )
    assert "how many days" in half.content.decode()
    assert "vaccination" in spec_of(draft).rules_by_key


def test_every_default_question_and_rule_survives_its_own_form(
    ayla: Client, draft: Questionnaire
) -> None:
    """Opening and saving changes nothing: what the form does not show it must not lose."""
    before = spec_of(draft)
    for key in ("pregnancy", "conditions", "cigarettes", "goal_areas", "photo", "nsaids_on"):
        _save_unchanged(ayla, at("question-edit", draft, question=key))
    for rule in ("heart_disease_several_medicines", "product_allergy", "minor_without_consent"):
        _save_unchanged(ayla, at("rule-edit", draft, rule=rule))
    after = spec_of(draft)
    assert after.questions == before.questions
    assert after.rules == before.rules


def _save_unchanged(ayla: Client, address: str) -> None:
    context = ayla.get(address).context
    sent: dict[str, Any] = {}
    forms = [
        context["form"],
        *context.get("triggers", []),
        *getattr(context.get("options"), "forms", []),
    ]
    for form in forms:
        for field in form:
            value = field.value()
            if value is None or value is False:
                continue
            sent[field.html_name] = "on" if value is True else value
    if context.get("options") is not None:
        sent["options-total"] = str(context["options"].total)
    answer = ayla.post(address, sent)
    assert answer.status_code == 302, answer.content.decode()[:2000]


def test_what_others_wait_for_can_not_be_taken_away(ayla: Client, draft: Questionnaire) -> None:
    gone = ayla.post(at("question-edit", draft, question="smoking"), {"act": "remove"}, follow=True)
    assert "depends on" in gone.content.decode()
    assert "smoking" in spec_of(draft).questions
    ayla.post(at("question-edit", draft, question="cigarettes"), {"act": "remove"})
    ayla.post(at("question-edit", draft, question="smoking"), {"act": "up"})
    assert "cigarettes" not in spec_of(draft).questions
    ayla.post(at("section-edit", draft, section="wishes"), {"act": "up"})
    sections = [one.key for one in spec_of(draft).sections]
    assert sections.index("wishes") < sections.index("before")


def test_publishing_makes_it_immutable_also_in_the_database(
    ayla: Client, draft: Questionnaire, questionnaire: Questionnaire, doctor: Actor
) -> None:
    ayla.post(at("questionnaire-act", draft), {"act": "approve"})
    ayla.post(at("questionnaire-act", draft), {"act": "publish"})
    draft.refresh_from_db()
    questionnaire.refresh_from_db()
    assert (draft.status, questionnaire.status) == ("published", "retired")
    assert draft.approved_at is not None
    refused = ayla.post(at("question-edit", draft, question="sun"), {"act": "remove"}, follow=True)
    assert "Only a draft can be changed" in refused.content.decode()
    with pytest.raises(NotADraft):
        services.discard_questionnaire(actor=doctor, questionnaire=draft)
    changes: list[dict[str, Any]] = [
        {"title": "Other"}, {"spec": {}}, {"status": "draft", "published_at": None},
        {"published_at": NOW.replace(year=2020)},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            Questionnaire.objects.filter(pk=draft.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Questionnaire.objects.filter(pk=questionnaire.pk).update(status="published")


def test_the_simulator_shows_whose_outcome_would_change(
    ayla: Client, draft: Questionnaire, patient: Patient, doctor: Actor
) -> None:
    screened(patient, smoking="now")
    ayla.post(
        at("rule-add", draft),
        {
            "t0-question": "smoking", "t0-values": ["smoking:now"], "message_en": "Smokes.",
            "severity": "absolute", "source": "G", "advice_en": "No.",
        },
    )  # fmt: skip
    first = ayla.get(at("questionnaire-simulate", draft)).content.decode()
    assert "Judging the last" in first
    found = ayla.get(at("questionnaire-simulate", draft) + "?run=1").content.decode()
    assert patient.name in found
    assert "Smokes." in found
    assert "Contraindicated" in found


def test_managers_build_but_see_no_names(
    manager: Membership, client_for: Any, draft: Questionnaire, patient: Patient
) -> None:
    screened(patient)
    client: Client = client_for(manager)
    assert client.get(at("questionnaire", draft)).status_code == 200
    page = client.get(at("questionnaire-simulate", draft) + "?run=1").content.decode()
    assert patient.name not in page


def test_receptionists_and_strangers_stay_outside(
    receptionist: Membership, client_for: Any, draft: Questionnaire, other_clinic: Clinic
) -> None:
    client: Client = client_for(receptionist)
    assert client.get(at("questionnaire", draft)).status_code == 403


def test_the_administration_simulates_and_warns(
    manager: Membership, client_for: Any, draft: Questionnaire, patient: Patient
) -> None:
    screened(patient)
    client: Client = client_for(manager)
    change = reverse("admin:patients_questionnaire_change", args=[draft.pk])
    assert "Nothing odd" in client.get(change).content.decode()
    action = {"action": "simulate", "_selected_action": [str(draft.pk)]}
    shown = client.post(reverse("admin:patients_questionnaire_changelist"), action)
    assert "What would change?" in shown.content.decode()
    assert patient.name not in shown.content.decode()
