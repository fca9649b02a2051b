"""The Lices with its programme, a course to book, and the postman."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from aftercare.models import Message, StaffTask
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from tests.factories import aftercare as make
from tests.factories import scheduling, treatments
from treatments.models import PlannedSession, SessionRecord, TreatmentPlan

NOW = treatments.NOW  # a Tuesday, ten in Rennes
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def lices(clinic: Clinic) -> Clinic:
    """The Lices with the default templates, programme and triage rules."""
    return make.seeded(clinic)


@pytest.fixture
def desk(lices: Clinic, practitioner: Membership) -> scheduling.Desk:
    """Dr Ayla Kara's hours, rooms and visit types."""
    return scheduling.desk(practitioner)


@pytest.fixture
def ines(lices: Clinic) -> Patient:
    """A patient with an address."""
    return treatments.patient(lices, email="ines@example.org")


@pytest.fixture
def stock(lices: Clinic) -> treatments.Catalogue:
    """The small catalogue."""
    return treatments.catalogue(lices)


@pytest.fixture
def plan(stock: treatments.Catalogue, practitioner: Membership, ines: Patient) -> TreatmentPlan:
    """An active course of three sessions, cleared and consented."""
    return treatments.course(stock, practitioner, who=ines)


@pytest.fixture
def sessions(plan: TreatmentPlan) -> list[PlannedSession]:
    """Its sessions, in order."""
    return list(plan.sessions.order_by("number"))


@pytest.fixture
def record(
    plan: TreatmentPlan, stock: treatments.Catalogue, practitioner: Membership
) -> SessionRecord:
    """The first session, signed twenty minutes after NOW."""
    return treatments.signed(plan, stock, practitioner)


def by_step(patient: Patient) -> dict[str, list[Message]]:
    """A patient's messages by the key of their step, by due time."""
    found: dict[str, list[Message]] = {}
    for message in Message.objects.filter(patient=patient).order_by("due_at", "created_at"):
        found.setdefault(message.step_key, []).append(message)
    return found


@pytest.fixture
def tuesday_at_ten() -> Iterator[None]:
    """It is NOW of the factories, ten in Rennes."""
    with time_machine.travel(treatments.NOW, tick=False):
        yield


@pytest.fixture
def tasks(ines: Patient) -> dict[str, StaffTask]:
    made = treatments.patient
    return {
        role: make.task(made(ines.clinic, f"{role} case"), NOW + HOUR, role=role, title=role)
        for role in ("front_desk", "clinical")
    }


@pytest.fixture
def posts(ines: Patient) -> dict[str, Message]:
    bruno = treatments.patient(ines.clinic, "Bruno Çosta")
    return {
        "gone": make.message(ines, NOW - HOUR, state="sent", sent_at=NOW, title="Gone"),
        "failed": make.message(bruno, NOW - 2 * HOUR, state="failed", title="Broken"),
        "late": make.message(ines, NOW + 50 * HOUR, title="Later"),
        "soon": make.message(bruno, NOW + 5 * HOUR, title="Soonest"),
    }
