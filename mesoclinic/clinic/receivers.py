"""What happens at the door goes into the record, and the clocks of a session start there."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.models import EmailAddress
from allauth.account.signals import password_changed, password_reset
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import record
from mesoclinic.clinic import sessions
from mesoclinic.clinic.auth import memberships_of
from mesoclinic.clinic.models import StaffMember


def _actor(staff: StaffMember) -> Actor:
    places = memberships_of(staff)
    return Actor(
        kind="staff",
        id=str(staff.pk),
        label=staff.full_name,
        clinic_id=places[0].clinic_id if places else None,
        staff_id=staff.pk,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id") or ""),
    )


def _event(staff: StaffMember, action: Action, reason: str = "") -> None:
    entry = AuditEntry(model="clinic.staffmember", object_id=str(staff.pk), reason=reason)
    record(_actor(staff), action, entry)


@receiver(user_logged_in)
def on_signed_in(request: HttpRequest, user: StaffMember, **kwargs: Any) -> None:
    """Start both clocks and record it."""
    now = timezone.now().timestamp()
    request.session[sessions.STARTED] = now
    request.session[sessions.SEEN] = now
    _event(user, Action.SIGN_IN)


@receiver(user_logged_out)
def on_signed_out(request: HttpRequest, user: StaffMember | None, **kwargs: Any) -> None:
    """Record it, with "idle" or "absolute" where a limit ended the session."""
    if user is not None:
        _event(user, Action.SIGN_OUT, getattr(request, "sign_out_reason", ""))


@receiver(user_login_failed)
def on_sign_in_failed(credentials: dict[str, Any], **kwargs: Any) -> None:
    """Record whose account was tried: by id where there is one, else only that it was unknown."""
    email = str(credentials.get("email") or credentials.get("username") or "").lower()
    staff = StaffMember.objects.filter(email=email).first()
    if staff is not None:
        _event(staff, Action.SIGN_IN_FAILED)
    else:
        record(Actor.anonymous(), Action.SIGN_IN_FAILED, AuditEntry(reason="unknown account"))


@receiver(password_reset)
def on_password_reset(user: StaffMember, **kwargs: Any) -> None:
    """Whoever followed a mailed link owns the address: it counts as verified."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    _event(user, Action.UPDATE, "password reset by mailed link")


@receiver(password_changed)
def on_password_changed(user: StaffMember, **kwargs: Any) -> None:
    """Record it."""
    _event(user, Action.UPDATE, "password changed")


@receiver([authenticator_added, authenticator_removed])
def on_second_factor_changed(
    request: HttpRequest, user: StaffMember, authenticator: Any, **kwargs: Any
) -> None:
    """Record it and look again at the next request whether a required factor is there."""
    request.session.pop("second_factor", None)
    added = kwargs["signal"] is authenticator_added
    _event(user, Action.UPDATE, f"{authenticator.type} {'added' if added else 'removed'}")
