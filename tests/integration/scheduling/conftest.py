"""The Lices with rooms, hours, visit types, and a course to book."""

from __future__ import annotations

import pytest

from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from tests.factories import scheduling as make
from tests.factories import treatments
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
