"""Which object stands behind which URL, for the walk in `tests/integration/test_access_walk.py`.

Every URL with a stored object in it needs a line here: a maker that takes a clinic, makes the
object there and returns it (or the URL's keyword arguments where there are several).

    @makes("patients:chart", "patients:edit", "admin:patients.patient")
    def _patient(clinic: Clinic) -> Model:
        return PatientFactory(clinic=clinic)

Names are URL names as `reverse` takes them, may hold `*`, and the exact one wins. Models in the
administration are named "admin:app.model".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from django.db.models import Model

from mesoclinic.audit.models import AuditEntry, AuditSeal
from mesoclinic.clinic.models import Clinic, Membership
from tests.factories.clinic import (
    ApiTokenFactory,
    MembershipFactory,
    PractitionerFactory,
    StaffFactory,
)

Maker = Callable[[Clinic], Model | Mapping[str, Any]]
_MAKERS: dict[str, Maker] = {}


def makes(*names: str) -> Callable[[Maker], Maker]:
    """Decorator: this maker makes the object behind the URLs called `names`."""

    def register(maker: Maker) -> Maker:
        for name in names:
            assert name not in _MAKERS, f"{name} has two makers"
            _MAKERS[name] = maker
        return maker

    return register


def maker_of(name: str) -> Maker | None:
    """The maker for a URL name: the exact one, else the first whose pattern fits."""
    if name in _MAKERS:
        return _MAKERS[name]
    return next((maker for pattern, maker in _MAKERS.items() if fnmatchcase(name, pattern)), None)


def registered_names() -> set[str]:
    """All names with a maker (the walk refuses lines that fit no URL)."""
    return set(_MAKERS)


# --- clinic ---------------------------------------------------------------------------------------


@makes("admin:clinic.clinic")
def _clinic(clinic: Clinic) -> Model:
    return clinic


@makes("admin:clinic.membership", "api-staff-detail")
def _membership(clinic: Clinic) -> Model:
    return PractitionerFactory(clinic=clinic)


@makes("clinic:person-invite")
def _invited(clinic: Clinic) -> Model:
    staff = StaffFactory(password=None)
    made: Membership = MembershipFactory(clinic=clinic, staff=staff)
    return made


@makes("admin:clinic.staffmember")
def _staff(clinic: Clinic) -> Model:
    return MembershipFactory(clinic=clinic).staff


@makes("clinic:token-revoke", "admin:clinic.apitoken")
def _token(clinic: Clinic) -> Model:
    return ApiTokenFactory(membership=PractitionerFactory(clinic=clinic))


@makes("admin:audit.auditentry")
def _entry(clinic: Clinic) -> Model:
    return AuditEntry.objects.create(clinic_id=clinic.pk, actor_kind="system", action="read")


@makes("admin:audit.auditseal")
def _seal(clinic: Clinic) -> Model:
    return AuditSeal.objects.create(
        clinic_id=clinic.pk,
        number=1,
        entry_ids=[1],
        entry_digests=bytes(32),
        up_to=1,
        previous=bytes(32),
        digest=bytes(32),
    )
