"""API tokens as DRF sees them. Named in settings, so it must not import rest_framework.views."""

from __future__ import annotations

from typing import cast

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.http import ClinicRequest
from mesoclinic.clinic.models import ApiToken, StaffMember
from mesoclinic.clinic.selectors import usable_token
from mesoclinic.clinic.services import touch_token
from mesoclinic.common.ids import token_digest


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`: the caller gets the clinic and role of its membership."""

    keyword = "bearer"

    def authenticate(self, request: Request) -> tuple[StaffMember, ApiToken] | None:
        """The person and the token; None without the header; 401 for a token that does not work."""
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self.keyword:
            return None
        now = timezone.now()
        token = usable_token(token_digest(secret.strip()), now)
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is unknown, revoked or expired."))
        touch_token(token, now)
        bind_token(cast(ClinicRequest, request._request), token)
        return token.membership.staff, token

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401 instead of 403 to somebody unknown."""
        return "Bearer"


def bind_token(request: ClinicRequest, token: ApiToken) -> None:
    """Write the token's clinic, role and actor onto the request, as the middleware does."""
    membership = token.membership
    request.membership = membership
    request.clinic = membership.clinic
    request.actor = Actor(
        kind="token",
        id=str(token.pk),
        label=f"{token.name} ({membership.display_name})",
        clinic_id=membership.clinic_id,
        role=membership.role,
        staff_id=membership.staff_id,
        request_id=request.actor.request_id,
    )
