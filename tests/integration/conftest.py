"""The cast as fixtures; see `tests/personas.py`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership, StaffMember
from tests import personas


@pytest.fixture
def clinic(db: None) -> Clinic:
    """Clinique des Lices, Europe/Paris."""
    return personas.lices()


@pytest.fixture
def other_clinic(db: None) -> Clinic:
    """Harbour Skin, Australia/Sydney."""
    return personas.harbour()


@pytest.fixture
def receptionist(clinic: Clinic) -> Membership:
    """Noor."""
    return personas.noor(clinic)


@pytest.fixture
def practitioner(clinic: Clinic) -> Membership:
    """Dr Ayla Kara."""
    return personas.ayla(clinic)


@pytest.fixture
def manager(clinic: Clinic) -> Membership:
    """Zita."""
    return personas.zita(clinic)


@pytest.fixture
def other_practitioner(other_clinic: Clinic) -> Membership:
    """Dr Ruth Tane of Harbour Skin."""
    return personas.ruth(other_clinic)


@pytest.fixture
def other_manager(other_clinic: Clinic) -> Membership:
    """Max of Harbour Skin."""
    return personas.max_(other_clinic)


@pytest.fixture
def outsider(db: None) -> StaffMember:
    """Odile, who must not have access."""
    return personas.odile()


@pytest.fixture
def superuser(db: None) -> StaffMember:
    """Sam, who administers and treats nobody."""
    return personas.sam()


@pytest.fixture
def client_for() -> Callable[[Membership | StaffMember | None], Client]:
    """`client_for(practitioner)`: a browser in which that person is signed in."""
    return personas.client_for


@pytest.fixture
def actor_of() -> Callable[[Membership], Actor]:
    """`actor_of(practitioner)`: the Actor the middleware would make."""

    def make(membership: Membership) -> Actor:
        return Actor(
            kind="staff",
            id=str(membership.staff_id),
            label=membership.display_name,
            clinic_id=membership.clinic_id,
            role=membership.role,
            staff_id=membership.staff_id,
            request_id="test",
        )

    return make
