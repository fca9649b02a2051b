"""The Lices with rooms, hours, visit types, and a course to book."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from scheduling.models import Appointment
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW
from tests.integration.scheduling.pages import WEDNESDAY, Signed
from treatments.models import PlannedSession, TreatmentPlan


@pytest.fixture
def desk(practitioner: Membership) -> make.Desk:
    """Dr Ayla Kara's hours, two treatment rooms, a consultation and a session type."""
    return make.desk(practitioner)


@pytest.fixture
def ines(clinic: Clinic) -> Patient:
    """A patient of the Lices."""
    return treatments.patient(clinic, email="ines@example.org")


@pytest.fixture
def plan(clinic: Clinic, practitioner: Membership, ines: Patient) -> TreatmentPlan:
    """An active course of three sessions (7, then 28 to 35 days), cleared and consented."""
    return treatments.course(treatments.catalogue(clinic), practitioner, who=ines)


@pytest.fixture
def sessions(plan: TreatmentPlan) -> list[PlannedSession]:
    """Its sessions, in order."""
    return list(plan.sessions.order_by("number"))


@pytest.fixture
def clock() -> Iterator[None]:
    """Tuesday, 13 January 2026, ten in the morning in Rennes."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ten(desk: make.Desk) -> dt.datetime:
    """Wednesday at ten."""
    return desk.at(WEDNESDAY, 10)


@pytest.fixture
def visit(desk: make.Desk, ines: Patient, ten: dt.datetime) -> Appointment:
    """A consultation of Inês."""
    return desk.book(ines, ten)


@pytest.fixture
def noor(client_for: Signed, receptionist: Membership) -> Client:
    """The desk."""
    return client_for(receptionist)


@pytest.fixture
def ayla(client_for: Signed, practitioner: Membership) -> Client:
    """The practitioner."""
    return client_for(practitioner)
