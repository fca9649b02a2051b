"""Saving the words of messages: what they may not say is refused here, wherever they are edited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.utils.translation import gettext as _

from aftercare.domain import lint
from aftercare.exceptions import ChangedMeanwhile, TemplateNotFound, TextRefused
from aftercare.models import MessageTemplate
from aftercare.services.contents import LINKS, VARIABLES
from aftercare.services.rendering import is_well_formed, variables_in
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Role
from mesoclinic.common.errors import Forbidden
from treatments.models import Indication, Ingredient, Technique

IN_SUBJECT = frozenset({"clinic_name", "visit_date", "visit_time", "visit_count"})
IN_SHORT = IN_SUBJECT | {"patient_name", "clinic_phone", "practitioner_name", "code", *LINKS}
"""What may be said where strangers can read it: when and where, never what for."""


@dataclass(frozen=True)
class Texts:
    """The words of one template as somebody wants to save them."""

    subject: str
    preheader: str
    short_text: str
    body: str


def problems_of(texts: Texts, catalogue: Iterable[str]) -> dict[str, list[str]]:
    """What must not be saved, in words, by the field it stands in. `catalogue`: names of treatments."""
    names = tuple(catalogue)
    found = {
        "subject": [
            *_variables(texts.subject, IN_SUBJECT), *_health(texts.subject, names),
        ],
        "preheader": [
            *_variables(texts.preheader, IN_SUBJECT), *_health(texts.preheader, names),
        ],
        "short_text": [
            *_variables(texts.short_text, IN_SHORT), *_health(texts.short_text, names),
        ],
        "body": [*_variables(texts.body, VARIABLES), *_links(texts.body, names)],
    }  # fmt: skip
    return {field: said for field, said in found.items() if said}


def treatment_names(clinic: Clinic) -> list[str]:
    """The clinic's own words for what it treats, with what and how. Three queries."""
    return [
        name
        for model in (Indication, Ingredient, Technique)
        for name in model.objects.for_clinic(clinic).values_list("name", flat=True)
    ]


def fingerprint(row: MessageTemplate) -> str:
    """Tells whether the words of a template are still those that somebody looked at."""
    words = "\0".join((row.subject, row.preheader, row.short_text, row.body))
    return sha256(words.encode()).hexdigest()[:16]


def save_texts(
    *, actor: Actor, clinic: Clinic, template_id: UUID, texts: Texts, seen: str = ""
) -> MessageTemplate:
    """Save the words of a template; the approval is gone with a change.

    `seen` is the `fingerprint` of the words that were changed, "" where nobody looked. Raises
    `TextRefused`, and `ChangedMeanwhile` where the words are others by now.
    """
    found = problems_of(texts, treatment_names(clinic))
    if found:
        raise TextRefused(found)
    with audited(actor):
        row = _locked(clinic, template_id)
        if seen and seen != fingerprint(row):
            raise ChangedMeanwhile
        row.subject, row.preheader = texts.subject, texts.preheader
        row.short_text, row.body = texts.short_text, texts.body
        row.approved_at = None
        row.save(update_fields=["subject", "preheader", "short_text", "body", "approved_at"])
    return row


def approve_texts(
    *, actor: Actor, clinic: Clinic, template_id: UUID, seen: str, now: dt.datetime
) -> MessageTemplate:
    """A practitioner has reviewed the words `seen` (a `fingerprint`); approved is approved.

    Raises `Forbidden`, and `ChangedMeanwhile` where the words are others by now, or nobody has
    looked at them.
    """
    if actor.role != Role.PRACTITIONER:
        raise Forbidden(_("Only a practitioner can approve a text."))
    with audited(actor):
        row = _locked(clinic, template_id)
        if seen != fingerprint(row):
            raise ChangedMeanwhile(
                _("Somebody has changed this in the meantime. Read it again, then approve it.")
            )
        if row.approved_at is None:
            row.approved_at = now
            row.save(update_fields=["approved_at"])
    return row


def _locked(clinic: Clinic, template_id: UUID) -> MessageTemplate:
    rows = MessageTemplate.objects.for_clinic(clinic).select_for_update()
    row = rows.filter(pk=template_id).first()
    if row is None:
        raise TemplateNotFound
    return row


def _variables(text: str, allowed: Iterable[str]) -> list[str]:
    if not is_well_formed(text):
        return [_("A variable is two braces, a name in small letters, and two braces: {{ name }}.")]
    unknown = variables_in(text) - frozenset(allowed)
    if not unknown:
        return []
    said = {"unknown": ", ".join(sorted(unknown)), "known": ", ".join(sorted(allowed))}
    return [_("Not possible here: %(unknown)s. Possible: %(known)s.") % said]


def _health(text: str, names: Iterable[str]) -> list[str]:
    words = lint.health_words(text, names)
    if not words:
        return []
    said = {"words": ", ".join(words)}
    return [
        _("Others may read this line, and it speaks of health: %(words)s. Say it in the text.")
        % said
    ]


def _links(body: str, names: Iterable[str]) -> list[str]:
    found = [
        *lint.loose_links(body),
        *(link for link in lint.links_in(body) if lint.health_words(link, names)),
    ]
    if not found:
        return []
    said = {"links": ", ".join(dict.fromkeys(found))}
    return [_("An address may hold no variable and nothing about health: %(links)s.") % said]
