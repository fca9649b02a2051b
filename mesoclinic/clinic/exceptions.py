"""Refusals of the clinic's own services."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from mesoclinic.common.errors import Conflict, Forbidden, Invalid, NotFound


class NotInThisClinic(NotFound):
    """The record is not there, or belongs to another clinic."""

    default_message = _("Nothing was found here.")


class RoleRefused(Forbidden):
    """The role at hand does not allow it."""

    default_message = _("Your role does not allow this.")


class TokenNameMissing(Invalid):
    """A token without a name can't be told apart later."""

    default_code = "token_name_missing"
    default_message = _("Say which program will use the token.")


class TokenRevoked(Conflict):
    """It was revoked before."""

    default_code = "token_revoked"
    default_message = _("This token was revoked before.")


class TokenExpiryPassed(Invalid):
    """The last day of a new token lies in the past."""

    default_code = "token_expiry_passed"
    default_message = _("Choose a last day in the future.")


class AlreadyMember(Conflict):
    """The person already belongs to the clinic."""

    default_code = "already_member"
    default_message = _("This person already belongs to the clinic.")
