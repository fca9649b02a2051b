"""Who may stand in the books twice: the list of pairs, and the hint while registering."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.models import Clinic, Membership
from patients import selectors
from patients.domain.likeness import slips
from patients.models import Patient
from tests.factories.patients import PatientFactory

pytestmark = pytest.mark.django_db

SignIn = Callable[[Any], Client]


def test_suspicions(clinic: Clinic, stranger: Patient) -> None:
    PatientFactory(clinic=clinic, name="Inês Carvalho")
    PatientFactory(clinic=clinic, name="Ines Carvallo")
    # A family shares a phone and an e-mail; twins a birth date.
    PatientFactory(clinic=clinic, name="Rui Matos", phone="+351911", birth_date=dt.date(1960, 1, 1))
    PatientFactory(clinic=clinic, name="Ana Matos", phone="+351911", birth_date=dt.date(1990, 1, 1))
    (pair,) = selectors.suspected_pairs(clinic)
    assert {one.name for one in pair.both} == {"Inês Carvalho", "Ines Carvallo"}
    assert pair.same_birth_date
    assert not pair.birth_date_slip


def test_the_same_name_with_a_slip_in_the_date_of_birth(
    clinic: Clinic, receptionist: Membership, client_for: SignIn
) -> None:
    # One digit, day and month swapped, the month's second digit; two wrong digits, nothing known.
    days = [
        dt.date(1984, 5, 7), dt.date(1985, 5, 7), dt.date(1984, 7, 5), dt.date(1984, 12, 7),
        dt.date(1984, 5, 27), dt.date(1993, 5, 7), None,
    ]  # fmt: skip
    for day in days:
        PatientFactory(clinic=clinic, name="Zoé Lefèvre", birth_date=day, phone="", email="")
    PatientFactory(clinic=clinic, name="Paul Marchand", birth_date=days[1], phone="", email="")
    found = selectors.suspected_pairs(clinic)
    assert all(one.birth_date_slip and not one.same_birth_date for one in found)
    known = [day for day in days if day is not None]
    expected = {frozenset({one, two}) for one, two in combinations(known, 2) if two in slips(one)}
    assert len(expected) == 3
    assert {frozenset(one.birth_date for one in pair.both) for pair in found} == expected
    page = client_for(receptionist).get(reverse("patients:duplicates")).content.decode()
    assert "Dates of birth differ by a slip" in page


def test_the_hint_while_typing(
    receptionist: Membership, client_for: SignIn, clinic: Clinic, stranger: Patient
) -> None:
    keep = PatientFactory(clinic=clinic, name="Inês Carvalho", phone="")
    client = client_for(receptionist)
    where = reverse("patients:duplicate-hint")
    assert client.post(where, {"name": "In"}).content.strip() == b""
    typed = {"name": "Ines Carvallo", "birth_date": "1984-05-17", "email": "no"}
    page = client.post(where, typed).content.decode()
    assert keep.record_number in page
    assert stranger.record_number not in page
