"""Screening at the desk: one section a page, the outcome for the desk, findings for practitioners."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from patients import services
from patients.models import (
    Patient,
    Questionnaire,
    Screening,
)
from tests.factories.patients import (
    MedicineFactory,
    draft_for,
    screened,
)
from tests.integration.patients.looking import answer_all, url

pytestmark = pytest.mark.django_db


def go_through(client: Client, draft: Screening, **changed: object) -> Any:
    """Ask all questions; returns the answer to the last page."""
    return answer_all(client, url("screening-fill", draft.pk), draft.questionnaire, **changed)


def test_the_desk_screens_and_sees_the_outcome_only(
    at_desk: Client, patient: Patient, questionnaire: Questionnaire
) -> None:
    MedicineFactory(patient=patient)
    assert at_desk.get(url("screening-start", patient.pk)).status_code == 200
    at_desk.post(url("screening-start", patient.pk))
    draft = Screening.objects.get()
    fill = at_desk.get(f"{url('screening-fill', draft.pk)}?step=5").content.decode()
    assert "Warfarin 5 mg" not in fill
    # The patient holds the tablet: no navigation, no search, one way back for staff.
    assert "find-input" not in fill
    assert f'"{url("list")}"' not in fill
    assert url("chart", patient.pk) in fill
    done = go_through(at_desk, draft)
    assert done["Location"] == url("screening-done", draft.pk)
    thanks = at_desk.get(done["Location"]).content.decode()
    assert url("chart", patient.pk) in thanks
    assert at_desk.get(url("screening-detail", draft.pk)).status_code == 403
    assert "Review" in at_desk.get(url("chart", patient.pk)).content.decode()


def test_a_practitioner_sees_hints_findings_and_decides(
    as_doctor: Client, patient: Patient, questionnaire: Questionnaire
) -> None:
    MedicineFactory(patient=patient)
    as_doctor.post(url("screening-start", patient.pk))
    draft = Screening.objects.get()
    fill = as_doctor.get(f"{url('screening-fill', draft.pk)}?step=5").content.decode()
    assert "Warfarin 5 mg" in fill
    done = go_through(as_doctor, draft)
    thanks = as_doctor.get(done["Location"]).content.decode()
    assert "Warfarin" not in thanks
    assert url("screening-detail", draft.pk) in thanks
    page = as_doctor.get(url("screening-detail", draft.pk)).content.decode()
    assert "The record says “Warfarin 5 mg”" in page
    decide = url("screening-decide", draft.pk)
    refused = as_doctor.post(decide, {"decision": "conditions", "reason": "Talked"})
    assert refused.status_code == 422
    assert "Talked" in refused.content.decode()
    as_doctor.post(decide, {"decision": "treat", "reason": "INR is fine"})
    page = as_doctor.get(url("screening-detail", draft.pk)).content.decode()
    assert "INR is fine" in page
    # The decision in force stands at the head, what the rules said at the findings.
    head, _, findings = page.partition('id="findings-title"')
    assert "</span>Treat</span>" in head.partition("page-subtitle")[2]
    assert "</span>Review</span>" in findings.partition("</section>")[0]
    assert "Treat" in as_doctor.get(url("chart", patient.pk)).content.decode()


def test_the_tablet_speaks_the_patients_language(at_desk: Client, patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(language="fr")
    draft = draft_for(patient)
    page = at_desk.get(f"{url('screening-fill', draft.pk)}?step=1").content.decode()
    assert '<html lang="fr"' in page
    assert "Suivant" in page
    done = go_through(at_desk, draft)
    assert "Merci" in at_desk.get(done["Location"]).content.decode()
    draft.refresh_from_db()
    assert draft.signed_text.startswith("J")
    # The pages of staff stay in theirs.
    assert '<html lang="en"' in at_desk.get(url("chart", patient.pk)).content.decode()


def test_an_absolute_finding_offers_no_way_to_treat(as_doctor: Client, patient: Patient) -> None:
    screening = screened(patient, stroke="yes").screening
    page = as_doctor.get(url("screening-detail", screening.pk)).content.decode()
    assert 'value="defer"' in page
    assert 'value="treat"' not in page
    forced = as_doctor.post(
        url("screening-decide", screening.pk), {"decision": "treat", "reason": "I insist"}
    )
    assert forced.status_code == 422


def test_missing_answers_stop_at_their_section(at_desk: Client, patient: Patient) -> None:
    draft = draft_for(patient)
    where = f"{url('screening-fill', draft.pk)}?step=1"
    page = at_desk.post(where, {"asked": ["pregnancy", "breastfeeding"], "go": "next"})
    assert page.status_code == 422
    back = at_desk.post(where.replace("step=1", "step=2"), {"asked": [], "go": "back"})
    assert back["Location"].endswith("?step=1")
    last = len(services.questionnaire_spec(draft.questionnaire).sections) + 1
    signed = at_desk.post(where.replace("step=1", f"step={last}"), {"signed_name": "x"})
    assert signed.status_code == 422
    assert b"Some questions still need an answer" in signed.content


def test_a_draft_the_desk_may_not_see_is_closed_to_it(
    at_desk: Client, as_doctor: Client, patient: Patient
) -> None:
    screened(patient)
    as_doctor.post(url("screening-start", patient.pk), {"prefill": "1"})
    draft = Screening.objects.get(submitted_at=None)
    assert draft.prefilled_from is not None
    assert at_desk.get(url("screening-fill", draft.pk)).status_code == 403
    assert at_desk.post(url("screening-start", patient.pk)).status_code == 403
    assert at_desk.post(url("screening-discard", draft.pk)).status_code == 403
    assert as_doctor.post(url("screening-discard", draft.pk)).status_code == 302


def test_confirm_and_invite(at_desk: Client, patient: Patient) -> None:
    refused = at_desk.post(url("screening-confirm", patient.pk))
    assert refused.status_code == 409
    screened(patient)
    assert at_desk.post(url("screening-confirm", patient.pk)).status_code in {302, 409}
    assert at_desk.post(url("screening-invite", patient.pk)).status_code == 302
    assert b"Link sent" in at_desk.get(url("chart", patient.pk)).content
