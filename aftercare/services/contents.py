"""What each message of a batch says: its template, its variables, its links and its calendar file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftercare.exceptions import NoShortText
from aftercare.models import Channel, Message, MessageSettings, MessageTemplate
from aftercare.services.blocks import VISIT
from aftercare.services.mime import Attachment
from aftercare.services.rendering import (
    NEXT_VISIT,
    PLAIN,
    Envelope,
    Look,
    Source,
    Words,
    build,
    fill,
    variables_in,
    write,
)
from aftercare.services.wanted import Facts, standing
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients.models import PatientLink
from patients.services import NewLink, create_links
from scheduling import services as visits_services
from scheduling.models import Appointment

_DAY = dt.timedelta(days=1)
_PLACE = "TOKEN"
_WITH_CALENDAR = frozenset({"booked", "moved", "cancelled"})


@dataclass(frozen=True)
class LinkKind:
    """What a link variable of a template stands for: purpose, page, and how long it works."""

    purpose: PatientLink.Purpose
    view: str
    life: dt.timedelta


LINKS: dict[str, LinkKind] = {
    "confirm_link": LinkKind(PatientLink.Purpose.CONFIRM, "scheduling:link-confirm", 14 * _DAY),
    "visits_link": LinkKind(PatientLink.Purpose.VISITS, "scheduling:own-visits", 400 * _DAY),
    "screening_link": LinkKind(PatientLink.Purpose.SCREENING, "patients:link-screening", 14 * _DAY),
    "consent_link": LinkKind(PatientLink.Purpose.CONSENT, "treatments:link-consent", 14 * _DAY),
    "checkin_link": LinkKind(PatientLink.Purpose.CHECKIN, "aftercare:link-checkin", 14 * _DAY),
    "offer_link": LinkKind(PatientLink.Purpose.OFFER, "scheduling:link-offer", 3 * _DAY),
    "ask_link": LinkKind(PatientLink.Purpose.ASK, "aftercare:link-ask", 60 * _DAY),
    "answer_link": LinkKind(PatientLink.Purpose.ANSWER, "aftercare:link-answer", 30 * _DAY),
    "unsubscribe_link": LinkKind(
        PatientLink.Purpose.UNSUBSCRIBE, "aftercare:unsubscribe", 400 * _DAY
    ),
}
VARIABLES = frozenset(
    {
        "patient_name", "clinic_name", "clinic_phone", "clinic_address", "emergency_number",
        "visit_date", "visit_time", "visit_list", "visit_count", "practitioner_name", "code",
        "reason", "offer_until", "what_changed", NEXT_VISIT, *LINKS,
    }
)  # fmt: skip
"""Everything a template may use; anything else is refused when it is saved."""


@dataclass(frozen=True)
class Draft:
    """A message with the template it will be written from, in the patient's language or nearest.

    Whoever `is_screened` is not asked for the questionnaire again when a visit is booked.
    """

    message: Message
    template: MessageTemplate
    is_screened: bool = False
    look: Look = PLAIN

    @property
    def links(self) -> frozenset[str]:
        """The link variables it needs a secret for."""
        needed = variables_in(self.text) & LINKS.keys()
        if self.is_screened and self.message.subject_type == "appointment":
            needed -= {"screening_link"}
        if self.message.channel != Channel.EMAIL:
            return needed
        if self.message.subject_type not in _NO_QUESTIONS:
            needed |= {"ask_link"}
        return needed if self.message.is_essential else needed | {"unsubscribe_link"}

    @property
    def names_next_visit(self) -> bool:
        """Whether it says when the patient comes again."""
        return NEXT_VISIT in variables_in(self.text)

    @property
    def text(self) -> str:
        """What its channel carries of the template."""
        is_mail = self.message.channel == Channel.EMAIL
        return self.template.body if is_mail else self.template.short_text


Templates = dict[UUID, MessageTemplate]
"""The template of each message, by the message's id."""


def templates_for(messages: Sequence[Message]) -> Templates:
    """The template of each message: patient's language, else the clinic's, else English."""
    found = {
        (t.clinic_id, t.key, t.language): t
        for t in MessageTemplate.objects.filter(
            clinic__in={m.clinic_id for m in messages}, key__in={m.template_key for m in messages}
        )
    }
    chosen = {}
    for message in messages:
        for language in (message.patient.language[:2], message.clinic.language[:2], "en"):
            template = found.get((message.clinic_id, message.template_key, language))
            if template is not None:
                chosen[message.pk] = template
                break
    return chosen


def looks_of(messages: Sequence[Message]) -> dict[UUID, Look]:
    """How the mails of each clinic look, by its id; a clinic that chose nothing is not there."""
    rows = MessageSettings.objects.filter(clinic__in={message.clinic_id for message in messages})
    return {row.clinic_id: look_of(row) for row in rows}


def look_of(chosen: MessageSettings) -> Look:
    """A clinic's choice as its mails show it."""
    logo = bytes(chosen.logo or b"")
    return Look(chosen.accent, logo, chosen.logo_width, chosen.logo_height)


def source_of(template: MessageTemplate) -> Source:
    """A template as it is filled."""
    return Source(template.subject, template.body, template.language, template.preheader)


# A code is typed at once; an answer is answered on its own page.
_NO_QUESTIONS = frozenset({"code", "thread"})

Links = dict[UUID, dict[str, str]]
"""The addresses of a message's links, by message and name of the variable."""


def mint_links(drafts: Sequence[Draft], *, actor: Actor, now: dt.datetime) -> Links:
    """A fresh secret link for every link variable of every draft (one INSERT); the full address.

    Secrets exist only here and in the mail: the database keeps digests. A repeated try of the
    same message brings links of its own.
    """
    wanted = [(draft.message, name) for draft in drafts for name in sorted(draft.links)]
    new = [
        NewLink(
            message.clinic_id,
            message.patient_id,
            LINKS[name].purpose,
            _about(message, LINKS[name].purpose),
            LINKS[name].life,
        )
        for message, name in wanted
    ]
    addresses: Links = {draft.message.pk: {} for draft in drafts}
    for (message, name), token in zip(wanted, create_links(new, actor=actor, now=now), strict=True):
        path = _path(LINKS[name].view).replace(_PLACE, token)
        addresses[message.pk][name] = f"{message.clinic.base_url}{path}"
    return addresses


@lru_cache
def _path(view: str) -> str:
    """The path of a link page, with a mark where the token stands: the same for every mail."""
    return reverse(view, kwargs={"token": _PLACE})


def _about(message: Message, purpose: PatientLink.Purpose) -> UUID | None:
    if purpose is PatientLink.Purpose.UNSUBSCRIBE:
        return message.pk
    if purpose in {PatientLink.Purpose.SCREENING, PatientLink.Purpose.ASK}:
        return None
    return message.subject_id


def compose(draft: Draft, facts: Facts, links: Links, *, now: dt.datetime) -> bytes:
    """The finished mail, or the words of a short message in UTF-8.

    Raises `UnknownVariable` where the template asks for what it can't have, `NoShortText` where
    there is none.
    """
    message, template = draft.message, draft.template
    if not draft.text:
        raise NoShortText
    visits = standing(message, facts, now) if message.subject_type == "appointment" else []
    with translation.override(template.language):
        wanted = variables_in(template.subject) | variables_in(draft.text)
        wanted |= variables_in(template.preheader)
        variables = dict.fromkeys(LINKS, "") | _variables(message, visits, wanted, facts)
        variables |= links.get(message.pk, {})
        if message.channel != Channel.EMAIL:
            return fill(draft.text, variables).encode()
        words: Words = write(
            message.clinic,
            source_of(template),
            variables,
            unsubscribe_url="" if message.is_essential else variables["unsubscribe_link"],
            look=draft.look,
            ask_url=variables["ask_link"],
        )
        calendar = _calendar(message, visits, now)
    envelope = Envelope(
        message_id=message.message_id,
        recipient=message.recipient,
        recipient_name=message.patient.name,
        date=message.clinic.local(now),
        unsubscribe_url="" if message.is_essential else variables["unsubscribe_link"],
        attachments=calendar,
        logo=draft.look.logo,
    )
    return build(message.clinic, words, envelope)


def _variables(
    message: Message, visits: Sequence[Appointment], wanted: frozenset[str], facts: Facts
) -> dict[str, str]:
    clinic = message.clinic
    variables = {
        "patient_name": message.patient.greeting_name,
        "clinic_name": clinic.name,
        "clinic_phone": clinic.phone.replace(" ", "\u00a0"),
        "clinic_address": ", ".join(clinic.address.splitlines()),
        "emergency_number": clinic.emergency_number,
        "code": str(message.context.get("code", "")),
        "reason": str(message.context.get("reason", "")),
    }
    if "offer" in message.context:
        variables |= _of_offer(clinic, message.context["offer"])
    if visits:
        variables |= {name: _of_visits(name, message, visits) for name in wanted & _OF_VISITS}
    if NEXT_VISIT in wanted:
        coming = facts.coming.get(message.patient_id)
        variables[NEXT_VISIT] = _when(clinic, coming, "l j F") if coming else ""
    return variables


_OF_VISITS = frozenset(
    {
        "visit_date", "visit_time", "visit_list", "visit_count", "practitioner_name", "what_changed",
    }
)  # fmt: skip


def _of_offer(clinic: Clinic, offer: dict[str, str]) -> dict[str, str]:
    """The time that is offered, and until when it is kept."""
    start, until = (
        clinic.local(dt.datetime.fromisoformat(offer[name])) for name in ("start", "until")
    )
    day = "" if start.date() == until.date() else f"{date_format(until, 'l j F')}, "
    return {
        "visit_list": f"{VISIT}{date_format(start, 'l j F Y')}, {start:%H:%M}",
        "offer_until": f"{day}{until:%H:%M}",
    }


def _of_visits(name: str, message: Message, visits: Sequence[Appointment]) -> str:
    """One variable that speaks of the visits; writing dates is most of the work, so only if asked."""
    clinic, first = message.clinic, visits[0]
    match name:
        case "visit_date":
            return _day(clinic.local(first.during.lower).date(), "l j F", get_language())
        case "visit_time":
            return f"{clinic.local(first.during.lower):%H:%M}"
        case "visit_list":
            return "\n".join(_line(message, visit) for visit in visits)
        case "visit_count":
            return str(len(visits))
        case "what_changed":
            each = [_change(message, visit) for visit in visits]
            return str(
                Change(time=any(one.time for one in each), person=any(one.person for one in each))
            )
    names = message.context.get("practitioners", {})
    return str(names.get(str(first.practitioner_id), first.practitioner.full_name))


@dataclass(frozen=True, slots=True)
class Change:
    """What is new about visits that were moved, against what their patient knows."""

    time: bool = False
    person: bool = False

    def __str__(self) -> str:
        if self.person:
            return _("New time and practitioner") if self.time else _("New practitioner")
        return _("New time")


def _change(message: Message, visit: Appointment) -> Change:
    before = message.context.get("before", {}).get(str(visit.pk))
    if before is None:
        return Change()
    start, practitioner = before
    return Change(
        time=dt.datetime.fromisoformat(start) != visit.during.lower,
        person=practitioner != str(visit.practitioner_id),
    )


def _line(message: Message, visit: Appointment) -> str:
    """Day and time; and who, where that is new."""
    when, change = _when(message.clinic, visit, "l j F Y"), _change(message, visit)
    if not change.person:
        return f"{VISIT}{when}"
    words = _("now with %(name)s") if change.time else _("same time, now with %(name)s")
    day, _comma, time = when.rpartition(", ")
    return f"{VISIT}{day} ({words % {'name': visit.practitioner.full_name}}), {time}"


def _when(clinic: Clinic, visit: Appointment, form: str) -> str:
    start = clinic.local(visit.during.lower)
    return f"{_day(start.date(), form, get_language())}, {start:%H:%M}"


@lru_cache(maxsize=2048)
def _day(day: dt.date, form: str, _language: str | None) -> str:
    """A date in the language that is active: writing it costs more than the rest of a line."""
    return date_format(day, form)


def _calendar(
    message: Message, visits: Sequence[Appointment], now: dt.datetime
) -> tuple[Attachment, ...]:
    kind = message.context.get("calendar", "")
    if kind not in _WITH_CALENDAR or not visits:
        return ()
    cancelled = kind == "cancelled"
    return (
        Attachment(
            name="visit.ics",
            content=visits_services.ics_for(visits, cancelled=cancelled, now=now),
            params={"method": "CANCEL" if cancelled else "REQUEST", "charset": "utf-8"},
        ),
    )
