"""Patients of both clinics, and a way to hear signals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.dispatch import Signal

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient, Questionnaire
from tests.factories.patients import PatientFactory, actor_for, seeded


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Inês of the Lices."""
    made: Patient = PatientFactory(clinic=clinic, name="Inês Carvalho", family_name="Carvalho")
    return made


@pytest.fixture
def stranger(other_clinic: Clinic) -> Patient:
    """A patient of Harbour Skin, whom the Lices must never see."""
    made: Patient = PatientFactory(clinic=other_clinic, name="Inês Carvalho")
    return made


@pytest.fixture
def questionnaire(clinic: Clinic) -> Questionnaire:
    """The default questionnaire with the default terms."""
    return seeded(clinic)


@pytest.fixture
def doctor(practitioner: Membership) -> Actor:
    """Dr Ayla Kara acting."""
    return actor_for(practitioner)


@pytest.fixture
def desk(receptionist: Membership) -> Actor:
    """Noor acting."""
    return actor_for(receptionist)


@contextmanager
def heard(signal: Signal) -> Iterator[list[dict[str, Any]]]:
    """What a signal carried while the block ran."""
    calls: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        calls.append(kwargs)

    signal.connect(listen)
    try:
        yield calls
    finally:
        signal.disconnect(listen)
