"""Who is signed in: one query reads the person, their memberships and the clinics."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend

from mesoclinic.clinic.models import Membership, StaffMember
from mesoclinic.clinic.querysets import Prepared

_OF_STAFF = Prepared(
    lambda staff_id: (
        Membership.objects.active()
        .filter(staff_id=staff_id)
        .select_related("staff", "clinic")
        .order_by("clinic__name", "clinic_id")
    )
)


class StaffBackend(AuthenticationBackend):
    """allauth's password check by e-mail; `get_user` loads what every request needs at once."""

    def get_user(self, user_id: Any) -> StaffMember | None:
        """The active staff member with `loaded_memberships` filled, or None."""
        staff = load_staff(user_id)
        return staff if staff is not None and self.user_can_authenticate(staff) else None


def load_staff(staff_id: Any) -> StaffMember | None:
    """A person and their active memberships in active clinics, by clinic name: one query.

    Only somebody without any membership (an administrator of the installation) costs a second.
    """
    rows = _OF_STAFF.all(UUID(str(staff_id)))
    staff = rows[0].staff if rows else StaffMember.objects.filter(pk=staff_id).first()
    if staff is not None:
        for row in rows:
            row.staff = staff
        staff.loaded_memberships = rows
    return staff


def memberships_of(staff: StaffMember) -> list[Membership]:
    """The active memberships of a signed-in person (loaded with them, else read now)."""
    if staff.loaded_memberships is None:
        loaded = load_staff(staff.pk)
        staff.loaded_memberships = (loaded.loaded_memberships if loaded else None) or []
    return staff.loaded_memberships
