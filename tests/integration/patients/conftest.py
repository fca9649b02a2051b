"""Patients of both clinics, and a way to hear signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.dispatch import Signal
from django.test import Client

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients import services, signals
from patients.models import Patient, Questionnaire, Screening
from tests.factories.patients import NOW, PatientFactory, actor_for, seeded
from tests.integration.patients.calling import Api

ClientFor = Callable[[Any], Client]


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


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    """A folder for files, of its own for each test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media" / "patients"


@pytest.fixture
def at_desk(receptionist: Membership, client_for: ClientFor) -> Client:
    """Noor's browser."""
    return client_for(receptionist)


@pytest.fixture
def as_doctor(practitioner: Membership, client_for: ClientFor) -> Client:
    """Dr Ayla Kara's browser."""
    return client_for(practitioner)


@pytest.fixture
def doctor_api(practitioner: Membership) -> Api:
    """The API in Dr Ayla Kara's name."""
    return Api(practitioner)


@pytest.fixture
def desk_api(receptionist: Membership) -> Api:
    """The API in Noor's name."""
    return Api(receptionist)


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


@pytest.fixture
def clock() -> Any:
    """The clock stands still at NOW."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def invited(patient: Patient, desk: Actor) -> str:
    """Inês has been sent the questionnaire; the token of her link."""
    seeded(patient.clinic)
    with heard(signals.screening_invited) as calls:
        services.invite_to_screening(actor=desk, patient=patient, now=NOW)
    return str(calls[0]["token"])


def start(patient: Patient, actor: Actor, **kwargs: Any) -> Screening:
    """A screening begun at the desk."""
    return services.start_screening(actor=actor, patient=patient, channel="desk", now=NOW, **kwargs)
