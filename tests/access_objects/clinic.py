"""Objects behind the URLs of staff, tokens, the audit."""

from __future__ import annotations

from django.db.models import Model

from mesoclinic.audit.models import AuditEntry, AuditSeal
from mesoclinic.clinic.models import Clinic, Membership, StaffMember
from tests.access_objects.registry import makes
from tests.factories.clinic import (
    ApiTokenFactory,
    MembershipFactory,
    PractitionerFactory,
    StaffFactory,
)


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
    staff: StaffMember = MembershipFactory(clinic=clinic).staff
    return staff


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
