"""The people tests speak of by name. Two clinics always exist; `outsider` must never have access.

Clinique des Lices (Rennes, northern summer): Noor at the desk, Dr Ayla Kara treats, Zita manages.
Harbour Skin (Sydney, southern summer): Dr Ruth Tane treats, Max manages.
Nobody's: Odile has an account and no clinic; Sam administers the installation and no clinic either.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from mesoclinic.clinic.models import Clinic, Hemisphere, Membership, StaffMember
from tests.factories.clinic import (
    ClinicFactory,
    ManagerFactory,
    MembershipFactory,
    PractitionerFactory,
    StaffFactory,
)


@dataclass(frozen=True)
class Cast:
    """Everybody, ready to be signed in."""

    clinic: Clinic
    other_clinic: Clinic
    receptionist: Membership
    practitioner: Membership
    manager: Membership
    other_practitioner: Membership
    other_manager: Membership
    outsider: StaffMember
    superuser: StaffMember


def lices() -> Clinic:
    """Clinique des Lices: Europe/Paris, France, northern hemisphere."""
    return ClinicFactory(
        name="Clinique des Lices",
        slug="lices",
        time_zone="Europe/Paris",
        hemisphere=Hemisphere.NORTH,
        country="FR",
        emergency_number="15",
    )


def harbour() -> Clinic:
    """Harbour Skin: Australia/Sydney, southern hemisphere."""
    return ClinicFactory(
        name="Harbour Skin",
        slug="harbour",
        time_zone="Australia/Sydney",
        hemisphere=Hemisphere.SOUTH,
        country="AU",
        address="3 Quay Street, Sydney",
        phone="+61 2 5550 0000",
        emergency_number="000",
    )


def noor(clinic: Clinic) -> Membership:
    """The receptionist of the Lices."""
    return MembershipFactory(
        clinic=clinic, staff=StaffFactory(email="noor@example.org", full_name="Noor Haddad")
    )


def ayla(clinic: Clinic) -> Membership:
    """The practitioner of the Lices."""
    return PractitionerFactory(
        clinic=clinic, staff=StaffFactory(email="ayla@example.org", full_name="Ayla Kara")
    )


def zita(clinic: Clinic) -> Membership:
    """The manager of the Lices; may open the administration."""
    return ManagerFactory(
        clinic=clinic,
        staff=StaffFactory(email="zita@example.org", full_name="Zita Novak", is_staff=True),
    )


def ruth(clinic: Clinic) -> Membership:
    """The practitioner of Harbour Skin."""
    return PractitionerFactory(
        clinic=clinic, staff=StaffFactory(email="ruth@example.org", full_name="Ruth Tane")
    )


def max_(clinic: Clinic) -> Membership:
    """The manager of Harbour Skin; may open the administration."""
    return ManagerFactory(
        clinic=clinic,
        staff=StaffFactory(email="max@example.org", full_name="Max Okafor", is_staff=True),
    )


def odile() -> StaffMember:
    """Has an account and belongs to no clinic: must not see anything."""
    return StaffFactory(email="odile@example.org", full_name="Odile Sans-Clinique")


def sam() -> StaffMember:
    """Administers the installation; no clinical role anywhere."""
    return StaffFactory(
        email="sam@example.org", full_name="Sam Root", is_staff=True, is_superuser=True
    )


def everybody() -> Cast:
    """The whole cast in both clinics."""
    here, there = lices(), harbour()
    return Cast(
        clinic=here,
        other_clinic=there,
        receptionist=noor(here),
        practitioner=ayla(here),
        manager=zita(here),
        other_practitioner=ruth(there),
        other_manager=max_(there),
        outsider=odile(),
        superuser=sam(),
    )


def client_for(person: Membership | StaffMember | None) -> Client:
    """A browser in which `person` is signed in (None: nobody), working in their membership's clinic."""
    client = Client()
    if person is None:
        return client
    staff = person.staff if isinstance(person, Membership) else person
    client.force_login(staff)
    if isinstance(person, Membership):
        session = client.session
        session["clinic_id"] = str(person.clinic_id)
        session.save()
    return client
