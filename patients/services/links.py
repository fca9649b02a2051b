"""Patient links: 256-bit secrets, stored as digests, one patient and one purpose each.

A link lets its holder write (answer, confirm, ask). To show health data that is on file it needs a
six-digit code mailed to the patient as well: ten minutes, five tries, three codes an hour.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.ids import new_id, new_token, token_digest
from mesoclinic.statements import Statement
from patients import signals
from patients.exceptions import (
    CodeWrong,
    InvitationEnded,
    LinkUnusable,
    NoAddress,
    PatientClosed,
    TooManyCodes,
)
from patients.models import LinkCode, Patient, PatientLink, Screening

CODE_LIFE = dt.timedelta(minutes=10)
CODE_TRIES = 5
CODES_PER_HOUR = 3
SCREENING_LINK_LIFE = dt.timedelta(days=14)


def create_link(
    *,
    actor: Actor,
    patient: Patient,
    purpose: str,
    subject_id: UUID | None,
    expires_at: dt.datetime,
    now: dt.datetime,
) -> tuple[PatientLink, str]:
    """A new link and its token, which is shown here once and never stored.

    `purpose` is one of PatientLink.Purpose; `subject_id` the visit, screening or message it is
    about. The page is `/p/<token>/`.
    """
    token = new_token()
    with audited(actor):
        link = PatientLink.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            purpose=purpose,
            digest=token_digest(token),
            subject_id=subject_id,
            expires_at=expires_at,
            created_at=now,
        )
    return link, token


_MINT = Statement("""
INSERT INTO patients_patientlink
    (id, clinic_id, patient_id, purpose, digest, subject_id, created_at, expires_at)
SELECT id, clinic, patient, purpose, digest, subject, %(now)s::timestamptz,
    %(now)s::timestamptz + life
FROM unnest(%(ids)s::uuid[], %(clinics)s::uuid[], %(patients)s::uuid[], %(purposes)s::text[],
            %(digests)s::text[], %(subjects)s::uuid[], %(lives)s::interval[])
    AS link (id, clinic, patient, purpose, digest, subject, life)
""")


@dataclass(frozen=True)
class NewLink:
    """A link to be made: for whom, what for, the object it is about, and how long it works."""

    clinic_id: UUID
    patient_id: UUID
    purpose: str
    subject_id: UUID | None
    life: dt.timedelta


def create_links(links: Sequence[NewLink], *, actor: Actor, now: dt.datetime) -> list[str]:
    """Many links by one INSERT; their tokens, in the same order. None of them is stored."""
    tokens = [new_token() for _link in links]
    if links:
        with audited(actor):
            _MINT.run(
                ids=[new_id() for _link in links],
                clinics=[link.clinic_id for link in links],
                patients=[link.patient_id for link in links],
                purposes=[str(link.purpose) for link in links],
                digests=[token_digest(token) for token in tokens],
                subjects=[link.subject_id for link in links],
                lives=[link.life for link in links],
                now=now,
            )
    return tokens


def resolve_link(token: str, purpose: str | None, now: dt.datetime) -> PatientLink:
    """The live link of `token`, with patient and clinic. One query, changes nothing.

    `purpose` None accepts any (the landing page). A link with `used_at` is still live: a page that
    may be used once checks that itself. Raises LinkUnusable, the same for unknown, expired, revoked
    and wrong purpose, and for the dead and the erased.
    """
    rows = PatientLink.objects.filter(digest=token_digest(token)).select_related(
        "patient", "clinic"
    )
    link = rows.first()
    if link is None or (purpose is not None and link.purpose != purpose):
        raise LinkUnusable
    if not link.is_live(now) or not link.clinic.is_active:
        raise LinkUnusable
    if not link.patient.can_be_contacted:
        raise LinkUnusable
    return link


def clinic_to_call(token: str) -> Clinic | None:
    """Whom to ask for a new link: the clinic that once sent `token`, whatever became of it.

    It says no more than the mail the token was in.
    """
    clinics = Clinic.objects.filter(is_active=True)
    sent = PatientLink.objects.filter(digest=token_digest(token))
    return clinics.filter(pk__in=sent.values("clinic_id")).first()


def link_actor(link: PatientLink) -> Actor:
    """Who acts through a link."""
    return Actor.for_link(link.pk, link.patient_id, link.clinic_id)


def mark_opened(*, actor: Actor, link: PatientLink, now: dt.datetime) -> None:
    """The holder has pressed a button: remember when they did so first."""
    if link.opened_at is None:
        with audited(actor):
            PatientLink.objects.filter(pk=link.pk, opened_at__isnull=True).update(opened_at=now)
        link.opened_at = now


def bind_screening(*, actor: Actor, link: PatientLink, screening: Screening) -> None:
    """Remember which questionnaire a link has begun."""
    if link.subject_id != screening.pk:
        with audited(actor):
            PatientLink.objects.filter(pk=link.pk).update(subject_id=screening.pk)
        link.subject_id = screening.pk


def mark_used(*, actor: Actor, link: PatientLink, now: dt.datetime) -> bool:
    """What the link was for is done. False where somebody was quicker (a double click)."""
    with audited(actor):
        changed = PatientLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=now)
    link.used_at = link.used_at or now
    return bool(changed)


def revoke_links(
    *,
    actor: Actor,
    patient: Patient,
    purpose: str,
    now: dt.datetime,
    subject_id: UUID | None = None,
) -> int:
    """End all live links of a purpose (about one subject, where given); returns how many."""
    links = PatientLink.objects.filter(
        patient=patient, purpose=purpose, revoked_at__isnull=True, expires_at__gt=now
    )
    if subject_id is not None:
        links = links.filter(subject_id=subject_id)
    with audited(actor):
        return links.update(revoked_at=now)


def invite_to_screening(
    *, actor: Actor, patient: Patient, now: dt.datetime, life: dt.timedelta = SCREENING_LINK_LIFE
) -> PatientLink:
    """Mail the patient a link to the questionnaire; earlier links to it end.

    Raises NoAddress or PatientClosed (nobody writes to the dead).
    """
    if not patient.can_be_contacted:
        raise PatientClosed
    if not patient.email:
        raise NoAddress(field="email")
    purpose = PatientLink.Purpose.SCREENING
    with audited(actor):
        _end_invitations(actor, patient, now)
        link, token = create_link(
            actor=actor,
            patient=patient,
            purpose=purpose,
            subject_id=None,
            expires_at=now + life,
            now=now,
        )
        signals.screening_invited.send(
            sender=PatientLink, clinic=patient.clinic, actor=actor, now=now,
            patient=patient, link=link, token=token,
        )  # fmt: skip
    return link


def withdraw_invitation(*, actor: Actor, link: PatientLink, now: dt.datetime) -> PatientLink:
    """End the mailed questionnaire (it went to a wrong address); what waits to be sent does not leave.

    A draft that was begun by it stays. Raises InvitationEnded where there is nothing to end.
    """
    with audited(actor):
        stored = PatientLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        if stored.used_at is not None or not stored.is_live(now):
            raise InvitationEnded
        _end_invitations(actor, link.patient, now)
    link.revoked_at = now
    return link


def _end_invitations(actor: Actor, patient: Patient, now: dt.datetime) -> None:
    purpose = PatientLink.Purpose.SCREENING
    revoke_links(actor=actor, patient=patient, purpose=purpose, now=now)
    signals.screening_uninvited.send(
        sender=PatientLink, clinic=patient.clinic, actor=actor, now=now, patient=patient
    )


def request_code(*, actor: Actor, link: PatientLink, now: dt.datetime) -> LinkCode:
    """Mail a new six-digit code for `link`. Raises TooManyCodes or NoAddress."""
    if not link.patient.email:
        raise NoAddress
    code = f"{secrets.randbelow(1_000_000):06d}"
    with audited(actor):
        # The link's row is the lock: two requests at once can't both be the third.
        PatientLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        recent = LinkCode.objects.filter(
            patient_id=link.patient_id, created_at__gt=now - dt.timedelta(hours=1)
        )
        if recent.count() >= CODES_PER_HOUR:
            raise TooManyCodes
        row = LinkCode.objects.create(
            clinic_id=link.clinic_id, patient_id=link.patient_id, link=link,
            digest=_code_digest(link, code), expires_at=now + CODE_LIFE, created_at=now,
        )  # fmt: skip
        signals.link_code_requested.send(
            sender=LinkCode, clinic=link.clinic, actor=actor, now=now,
            patient=link.patient, link=link, code=code,
        )  # fmt: skip
    return row


def check_code(*, actor: Actor, link: PatientLink, code: str, now: dt.datetime) -> None:
    """Use up the newest code of `link`. Raises CodeWrong; every try counts."""
    digest = _code_digest(link, "".join(code.split()))
    with audited(actor):
        row = (
            LinkCode.objects.select_for_update(of=("self",))
            .filter(link=link, used_at__isnull=True, expires_at__gt=now)
            .order_by("-created_at")
            .first()
        )
        right = (
            row is not None
            and row.attempts < CODE_TRIES
            and constant_time_compare(row.digest, digest)
        )
        if row is not None and right:
            LinkCode.objects.filter(pk=row.pk).update(used_at=now)
        elif row is not None:
            LinkCode.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    # Outside the transaction: a wrong try must stay counted.
    if not right:
        raise CodeWrong(field="code")


def _code_digest(link: PatientLink, code: str) -> str:
    # Keyed, because a million codes are quickly searched.
    return salted_hmac(f"patients.link_code.{link.pk}", code, algorithm="sha256").hexdigest()
