"""The clinic, its people and their programs."""

from mesoclinic.clinic.models.clinic import Clinic, Hemisphere
from mesoclinic.clinic.models.membership import Membership, MembershipQuerySet, Role
from mesoclinic.clinic.models.staff import StaffManager, StaffMember
from mesoclinic.clinic.models.token import ApiToken, ApiTokenQuerySet

__all__ = [
    "ApiToken",
    "ApiTokenQuerySet",
    "Clinic",
    "Hemisphere",
    "Membership",
    "MembershipQuerySet",
    "Role",
    "StaffManager",
    "StaffMember",
]
