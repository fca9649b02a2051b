"""A mail scanner opens every address of every patient link: nothing may change."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.access import Policy
from mesoclinic.clinic.models import Clinic
from patients import services
from patients.models import Patient, PatientLink
from scheduling.models import Appointment
from tests.factories.patients import PatientFactory, draft_for, screened
from tests.urlwalk import addresses

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
LINKS = [
    one for one in addresses() if one.kwargs == ("token",) and one.policy() is Policy.PATIENT_LINK
]


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def everything() -> dict[str, list[Any]]:
    """Every row of every table of ours, but the record of reads."""
    ours = {"patients", "treatments", "scheduling", "aftercare", "clinic"}
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.app_label in ours and not model._meta.proxy
    }


def tokens(clinic: Clinic) -> list[str]:
    """A link of every purpose: one never used, one with a questionnaire begun."""
    patient: Patient = PatientFactory(clinic=clinic)
    screened(patient, now=NOW - dt.timedelta(days=30))
    draft = draft_for(patient, now=NOW)
    subjects = [None, draft.pk, *Appointment.objects.values_list("pk", flat=True)[:1]]
    return [
        services.create_link(
            actor=services.link_actor(PatientLink(patient=patient, clinic=clinic)),
            patient=patient, purpose=purpose, subject_id=subject,
            expires_at=NOW + dt.timedelta(days=1), now=NOW,
        )[1]
        for purpose in PatientLink.Purpose.values
        for subject in subjects
    ]  # fmt: skip


def test_there_are_links_to_walk() -> None:
    names = {one.name for one in LINKS}
    assert {
        "patients:link",
        "patients:link-screening-fill",
        "patients:link-screening-changes",
    } <= names
    assert len(names) >= 7


def test_a_scanner_changes_nothing(clinic: Clinic) -> None:
    known = tokens(clinic)
    before = everything()
    scanner = Client()
    seen = set()
    for address in LINKS:
        for token in known:
            for ask in (scanner.get, scanner.head):
                answer = ask(reverse(address.name, args=[token]))
                assert answer.status_code < 500, address.name
                assert answer["Referrer-Policy"] == "no-referrer", address.name
                seen.add((address.name, answer.status_code))
    assert everything() == before
    # The walk is worth something: every purpose has a page that answered.
    assert {name for name, status in seen if status in {200, 302}} >= {"patients:link"}
