"""Administration: questionnaires are drafted and published, patient data is looked at only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Allergy, Patient, Questionnaire
from tests.factories.clinic import StaffFactory
from tests.factories.patients import AllergyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_manager(manager: Membership, client_for: Any) -> Client:
    client: Client = client_for(manager)
    return client


def _post(client: Client, clinic: Clinic, spec: object) -> Any:
    return client.post(
        reverse("admin:patients_questionnaire_add"),
        {"clinic": str(clinic.pk), "spec": json.dumps(spec) if spec else ""},
    )


def test_a_broken_specification_is_refused_with_the_place(
    as_manager: Client, clinic: Clinic, questionnaire: Questionnaire
) -> None:
    spec = json.loads(json.dumps(questionnaire.spec))
    spec["rules"][0]["severity"] = "terrible"
    page = _post(as_manager, clinic, spec)
    assert page.status_code == 200
    assert "rules[0].severity" in page.content.decode()
    assert Questionnaire.objects.count() == 1


def test_publishing_retires_the_version_before(
    as_manager: Client, clinic: Clinic, questionnaire: Questionnaire
) -> None:
    assert _post(as_manager, clinic, questionnaire.spec).status_code == 302
    draft = Questionnaire.objects.get(version=2)
    listing = reverse("admin:patients_questionnaire_changelist")
    action = {"action": "publish", "_selected_action": [str(draft.pk)]}
    page = as_manager.post(listing, action, follow=True)
    assert "is published" in page.content.decode()
    questionnaire.refresh_from_db()
    draft.refresh_from_db()
    assert (questionnaire.status, draft.status) == ("retired", "published")
    again = as_manager.post(listing, action, follow=True)
    assert "Only a draft can be published" in again.content.decode()
    copied = as_manager.post(listing, {**action, "action": "copy_to_draft"}, follow=True)
    assert "Version 3 is a draft" in copied.content.decode()


def test_a_published_version_is_not_edited(
    as_manager: Client, questionnaire: Questionnaire
) -> None:
    address = reverse("admin:patients_questionnaire_change", args=[questionnaire.pk])
    page = as_manager.get(address).content.decode()
    assert "A published version never changes" in page
    assert 'name="title"' not in page
    assert as_manager.post(address, {"title": "Other"}).status_code == 403
    delete = reverse("admin:patients_questionnaire_delete", args=[questionnaire.pk])
    assert as_manager.post(delete, {"post": "yes"}).status_code == 403


def test_a_draft_begins_without_code_and_leads_to_the_builder(
    as_manager: Client, clinic: Clinic, questionnaire: Questionnaire, client_for: Any
) -> None:
    assert _post(as_manager, clinic, None).status_code == 302
    draft = Questionnaire.objects.get(version=2)
    assert draft.spec == {**questionnaire.spec, "version": "2"}
    builder = reverse("patients:questionnaire", args=[draft.pk])
    address = reverse("admin:patients_questionnaire_change", args=[draft.pk])
    page = as_manager.get(address).content.decode()
    assert f'href="{builder}">Open the builder' in page
    assert "Do you take medicine that thins your blood?" in page
    assert "&quot;show_if&quot;" not in page
    assert as_manager.get(builder).status_code == 200
    # A second one is the same one; a file beside it is refused.
    assert _post(as_manager, clinic, None).url == address
    refused = _post(as_manager, clinic, questionnaire.spec)
    assert "There is a draft already" in refused.content.decode()
    # A superuser without a role in the clinic is told who may build.
    StaffFactory(email="root@example.org", is_staff=True, is_superuser=True)
    root = StaffFactory._meta.model.objects.get(email="root@example.org")
    as_root = Client()
    as_root.force_login(root)
    seen = as_root.get(address).content.decode()
    assert "Open the builder" not in seen
    assert "open to managers and practitioners" in seen


def test_a_clinic_without_any_begins_with_the_default_questions(
    as_manager: Client, clinic: Clinic
) -> None:
    begun = as_manager.post(reverse("patients:questionnaires"))
    draft = Questionnaire.objects.get()
    assert begun["Location"] == reverse("patients:questionnaire", args=[draft.pk])
    assert (draft.version, draft.status) == (1, "draft")


def test_patient_data_is_read_only_and_clinical_content_for_practitioners(
    as_manager: Client, patient: Patient, clinic: Clinic, practitioner: Membership, client_for: Any
) -> None:
    Patient.objects.update(notes="Private")
    fact = AllergyFactory(patient=patient)
    page = as_manager.get(reverse("admin:patients_patient_change", args=[patient.pk]))
    assert "Private" not in page.content.decode()
    refused = as_manager.post(
        reverse("admin:patients_patient_change", args=[patient.pk]), {"name": "x"}
    )
    assert refused.status_code == 403
    assert as_manager.get(reverse("admin:patients_allergy_changelist")).status_code == 403
    StaffFactory._meta.model.objects.filter(pk=practitioner.staff_id).update(is_staff=True)
    doctor = client_for(practitioner)
    seen = doctor.get(reverse("admin:patients_allergy_change", args=[fact.pk]))
    assert "Fish" in seen.content.decode()
    assert Allergy.objects.get().text == "Fish"
