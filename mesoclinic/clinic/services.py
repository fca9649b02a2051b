"""What managers and administrators do with people, tokens and the clinic itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db import models

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.clinic.exceptions import (
    AlreadyMember,
    NotInThisClinic,
    TokenExpiryPassed,
    TokenNameMissing,
    TokenRevoked,
)
from mesoclinic.clinic.models import ApiToken, Clinic, Membership, StaffMember
from mesoclinic.clinic.signals import defaults_wanted
from mesoclinic.common.errors import Forbidden
from mesoclinic.common.ids import new_token, token_digest

HINT_LENGTH = 6
# An active program touches its token once a minute at most.
TOUCH_EVERY = dt.timedelta(minutes=1)


def next_record_number(clinic: Clinic) -> int:
    """Count up the clinic's record numbers; call it inside the transaction that uses the number.

    The row stays locked until that transaction ends, so numbers have no gaps and no twins.
    """
    Clinic.objects.filter(pk=clinic.pk).update(record_counter=models.F("record_counter") + 1)
    return Clinic.objects.values_list("record_counter", flat=True).get(pk=clinic.pk)


def open_clinic(*, actor: Actor, clinic: Clinic, now: dt.datetime) -> Clinic:
    """Save a new clinic, with the defaults of every room: questionnaire, catalogue, messages, rules.

    So that nobody has to remember a command before the first patient can be screened.
    """
    with audited(actor):
        clinic.save()
        load_defaults(actor=actor, clinic=clinic, now=now)
    return clinic


def load_defaults(*, actor: Actor, clinic: Clinic, now: dt.datetime) -> None:
    """Let every room give the clinic what it lacks of its defaults. Safe to repeat.

    What the clinic has, and what it changed, stays as it is.
    """
    with audited(actor):
        defaults_wanted.send(Clinic, clinic=clinic, actor=actor, now=now)


@dataclass(frozen=True)
class NewStaff:
    """A person and their place in a clinic, as a manager writes them down."""

    email: str
    full_name: str
    role: str
    title: str = ""
    licence_number: str = ""
    licence_expires_on: dt.date | None = None
    language: str = "en"


def add_staff(*, actor: Actor, clinic: Clinic, person: NewStaff) -> Membership:
    """Give a person a place in the clinic; an account is made where the e-mail has none.

    The account has no password until its owner follows the invitation mail (`mailing.invite`).
    Raises Forbidden unless the actor is a manager or the system, AlreadyMember on a second place.
    """
    if actor.kind != "system":
        check_can(actor, Policy.MANAGER)
    with audited(actor):
        staff = StaffMember.objects.filter(email=person.email).first()
        if staff is None:
            staff = StaffMember.objects.create_user(
                person.email, full_name=person.full_name, language=person.language
            )
        if Membership.objects.for_clinic(clinic).filter(staff=staff).exists():
            raise AlreadyMember(field="email")
        return Membership.objects.create(
            clinic=clinic,
            staff=staff,
            role=person.role,
            title=person.title,
            licence_number=person.licence_number,
            licence_expires_on=person.licence_expires_on,
        )


def mark_email_verified(staff: StaffMember) -> None:
    """Note that the owner of the account has shown that the address is theirs."""
    EmailAddress.objects.filter(user=staff, primary=True).exclude(email=staff.email).update(
        primary=False
    )
    EmailAddress.objects.update_or_create(
        user=staff, email=staff.email, defaults={"verified": True, "primary": True}
    )


@dataclass(frozen=True)
class TokenRequest:
    """What a manager asks for: the program's name, whose role it gets, and its last day."""

    name: str
    membership: Membership
    last_day: dt.date | None = None


def issue_token(
    *, actor: Actor, clinic: Clinic, wanted: TokenRequest, now: dt.datetime
) -> tuple[ApiToken, str]:
    """Make a token; returns it with its secret, which is stored nowhere and can't be shown again.

    It works until the end of its last day on the clinic's clock. Raises Forbidden, NotInThisClinic,
    TokenNameMissing, TokenExpiryPassed.
    """
    check_can(actor, Policy.MANAGER)
    if actor.staff_id is None:
        raise Forbidden
    if wanted.membership.clinic_id != clinic.pk:
        raise NotInThisClinic(field="membership")
    name = wanted.name.strip()
    if not name:
        raise TokenNameMissing(field="name")
    secret = new_token()
    with audited(actor):
        token = ApiToken.objects.create(
            clinic=clinic,
            membership=wanted.membership,
            name=name,
            digest=token_digest(secret),
            hint=secret[:HINT_LENGTH],
            created_by_id=actor.staff_id,
            created_at=now,
            expires_at=_end_of(wanted.last_day, clinic, now),
        )
    return token, secret


def _end_of(day: dt.date | None, clinic: Clinic, now: dt.datetime) -> dt.datetime | None:
    if day is None:
        return None
    if day < clinic.today(now):
        raise TokenExpiryPassed(field="last_day")
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), clinic.zone)
    return midnight.astimezone(dt.UTC)


def revoke_token(*, actor: Actor, token: ApiToken, now: dt.datetime) -> None:
    """End a token at once and for ever. Raises Forbidden, TokenRevoked."""
    check_can(actor, Policy.MANAGER)
    with audited(actor):
        changed = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(
            revoked_at=now
        )
        if not changed:
            raise TokenRevoked
    token.revoked_at = now


def touch_token(token: ApiToken, now: dt.datetime) -> None:
    """Remember that a token was used, at most once a minute."""
    if token.last_used_at is None or now - token.last_used_at >= TOUCH_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now
