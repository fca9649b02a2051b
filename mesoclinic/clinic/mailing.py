"""The invitation by which a new account gets its first password."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.http import HttpRequest

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import record
from mesoclinic.clinic.models import Clinic, StaffMember


def invite(
    request: HttpRequest, *, actor: Actor, staff: StaffMember, clinic: Clinic | None
) -> None:
    """Mail `staff` the link to choose a password (as long valid as a password reset's).

    The link is on the configured address and changes nothing until a form is sent.
    """
    adapter = get_adapter(request)
    key = f"{user_pk_to_url_str(staff)}-{default_token_generator.make_token(staff)}"
    context = {
        "staff": staff,
        "clinic": clinic,
        "url": adapter.get_reset_password_from_key_url(key),
    }
    adapter.send_mail("clinic/email/invitation", staff.email, context)
    record(
        actor,
        Action.UPDATE,
        AuditEntry(model="clinic.staffmember", object_id=str(staff.pk), reason="invited"),
    )
