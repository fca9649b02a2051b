"""The Lices with a catalogue, a course, and an actor."""

from __future__ import annotations

import pytest

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from tests.factories import treatments as make
from treatments.models import TreatmentPlan


@pytest.fixture
def stock(clinic: Clinic) -> make.Catalogue:
    """The catalogue of the Lices."""
    return make.catalogue(clinic)


@pytest.fixture
def actor(practitioner: Membership) -> Actor:
    """Dr Ayla Kara."""
    return make.actor_of(practitioner)


@pytest.fixture
def plan(stock: make.Catalogue, practitioner: Membership) -> TreatmentPlan:
    """An active course of three sessions."""
    return make.course(stock, practitioner)
