"""What a patient wishes to be told, by channel and purpose."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from patients import services, signals
from patients.exceptions import PatientClosed
from patients.models import ContactPreference, Patient
from tests.factories.patients import NOW, PreferenceFactory
from tests.integration.patients.conftest import heard

pytestmark = pytest.mark.django_db

SignIn = Callable[[Any], Client]


def test_nothing_said_means_yes(patient: Patient) -> None:
    PreferenceFactory(patient=patient)
    wishes = services.contact_wishes(patient)
    assert wishes["email", "news"] is False
    assert sum(wishes.values()) == len(wishes) - 1


def test_only_a_change_is_stored_and_announced(desk: Actor, patient: Patient) -> None:
    wishes = {**services.contact_wishes(patient), ("email", "news"): False}
    with heard(signals.contact_changed) as calls:
        for _again in range(2):
            services.set_contact_wishes(actor=desk, patient=patient, wishes=wishes, now=NOW)
    assert [call["patient"] for call in calls] == [patient]
    row = ContactPreference.objects.get()
    assert (row.channel, row.purpose, row.allowed) == ("email", "news", False)


def test_a_closed_record_takes_no_wishes(desk: Actor, patient: Patient) -> None:
    patient.erased_at = NOW
    with pytest.raises(PatientClosed):
        services.set_contact_wishes(actor=desk, patient=patient, wishes={}, now=NOW)


def test_the_page(
    receptionist: Membership, client_for: SignIn, patient: Patient, stranger: Patient
) -> None:
    client = client_for(receptionist)
    where = reverse("patients:contact", args=[patient.pk])
    assert where in client.get(reverse("patients:chart", args=[patient.pk])).content.decode()

    def ticked() -> int:
        page = client.get(where).content.decode()
        return len(re.findall(r'name="(?:email|phone)_\w+"[^>]*checked', page))

    assert ticked() == 6
    done = client.post(where, {"email_visits": "on", "email_care": "on", "phone_visits": "on"})
    assert done.status_code == 302
    refused = ContactPreference.objects.filter(patient=patient, allowed=False)
    assert set(refused.values_list("channel", "purpose")) == {
        ("email", "news"), ("phone", "care"), ("phone", "news"),
    }  # fmt: skip
    assert ticked() == 3
    assert client.get(reverse("patients:contact", args=[stranger.pk])).status_code == 404
