"""Reads about a clinic and its people."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from mesoclinic.clinic.exceptions import NotInThisClinic
from mesoclinic.clinic.models import (
    ApiToken,
    Clinic,
    Membership,
    MembershipQuerySet,
)


def staff_of(clinic: Clinic) -> MembershipQuerySet:
    """Active memberships with the person joined, by name."""
    return Membership.objects.for_clinic(clinic).active().with_staff()


def practitioners_of(clinic: Clinic) -> MembershipQuerySet:
    """Active practitioners with the person joined, by name."""
    return staff_of(clinic).practitioners()


def get_membership(clinic: Clinic, pk: UUID) -> Membership:
    """One membership of the clinic, active or not, with its person. Raises NotInThisClinic."""
    found = Membership.objects.for_clinic(clinic).with_staff().filter(pk=pk).first()
    if found is None:
        raise NotInThisClinic
    return found


def tokens_of(clinic: Clinic) -> list[ApiToken]:
    """All tokens, the newest first, with the person each acts as."""
    return list(
        ApiToken.objects.for_clinic(clinic).select_related("membership__staff", "created_by")
    )


def get_token(clinic: Clinic, pk: UUID) -> ApiToken:
    """One token of the clinic. Raises NotInThisClinic."""
    found = ApiToken.objects.for_clinic(clinic).filter(pk=pk).first()
    if found is None:
        raise NotInThisClinic
    return found


def usable_token(digest: str, now: dt.datetime) -> ApiToken | None:
    """The token with this digest if it may be used at `now`: one query joins all it stands on."""
    return (
        ApiToken.objects.usable(now)
        .filter(
            digest=digest,
            membership__is_active=True,
            membership__staff__is_active=True,
            clinic__is_active=True,
        )
        .select_related("membership__staff", "membership__clinic")
        .first()
    )


def licence_warnings(clinic: Clinic, today: dt.date) -> list[Membership]:
    """Active practitioners whose licence has expired or does within 60 days, worst first."""
    rows = [row for row in practitioners_of(clinic) if row.licence_state(today) in WARNED]
    return sorted(rows, key=lambda row: row.licence_expires_on or today)


WARNED = frozenset({"soon", "expired"})
