"""A mail as an invented patient would get it: to look at, and to send to oneself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import make_msgid

from django.utils import translation
from django.utils.formats import date_format, time_format

from aftercare.models import MessageSettings, ProgrammeStep
from aftercare.services.blocks import VISIT
from aftercare.services.contents import LINKS, Change, look_of
from aftercare.services.provider import configured_transport
from aftercare.services.rendering import (
    NEXT_VISIT,
    PLAIN,
    Envelope,
    Look,
    Source,
    Words,
    build,
    write,
)
from mesoclinic.clinic.models import Clinic

_NAMES = {"en": "Alex", "fr": "Camille"}
# A code is typed at once; an answer is answered on its own page.
_NO_QUESTIONS = {ProgrammeStep.Anchor.CODE, ProgrammeStep.Anchor.ANSWERED}


def look_for(clinic: Clinic) -> Look:
    """How the clinic's mails look now."""
    chosen = MessageSettings.objects.for_clinic(clinic).first()
    return PLAIN if chosen is None else look_of(chosen)


@dataclass(frozen=True)
class Foot:
    """What stands below a mail: whether a question may be asked, whether such mails can be stopped."""

    asks: bool = True
    stops: bool = True


_USUAL = Foot()


def foot_of(clinic: Clinic, template_key: str) -> Foot:
    """The foot of what the programme sends with a template; that of aftercare if it sends nothing."""
    steps = list(ProgrammeStep.objects.for_clinic(clinic).filter(template_key=template_key))
    return Foot(
        asks=not steps or any(step.anchor not in _NO_QUESTIONS for step in steps),
        stops=not steps or not all(step.is_essential for step in steps),
    )


def sample(
    clinic: Clinic,
    source: Source,
    *,
    now: dt.datetime,
    look: Look | None = None,
    foot: Foot = _USUAL,
) -> Words:
    """What the mail says to somebody with two visits to come. Raises `UnknownVariable`."""
    with translation.override(source.language):
        variables = sample_variables(clinic, source.language, now)
        return write(
            clinic,
            source,
            variables,
            unsubscribe_url=variables["unsubscribe_link"] if foot.stops else "",
            ask_url=variables["ask_link"] if foot.asks else "",
            look=look or look_for(clinic),
        )


def send_sample(
    clinic: Clinic, source: Source, *, recipient: str, name: str, now: dt.datetime, foot: Foot
) -> None:
    """Send the sample to a colleague, over the way by which patients get theirs.

    Raises `UnknownVariable`, `DeliveryError`.
    """
    look = look_for(clinic)
    words = sample(clinic, source, now=now, look=look, foot=foot)
    envelope = Envelope(
        message_id=make_msgid(domain=clinic.sender_email.rpartition("@")[2]),
        recipient=recipient,
        recipient_name=name,
        date=clinic.local(now),
        logo=look.logo,
    )
    with configured_transport() as transport:
        transport.send(
            sender=clinic.sender_email, recipient=recipient, payload=build(clinic, words, envelope)
        )


def sample_variables(clinic: Clinic, language: str, now: dt.datetime) -> dict[str, str]:
    """Every variable a text may use, for an invented patient, in the language that is active."""
    first = clinic.local(now).replace(hour=10, minute=20) + dt.timedelta(days=2)
    second = first + dt.timedelta(days=9)
    lines = [
        f"{VISIT}{date_format(one, 'l j F Y')}, {time_format(one, 'H:i')}"
        for one in (first, second)
    ]
    nowhere = dict.fromkeys(LINKS, f"{clinic.base_url}/p/sample/")
    return nowhere | {
        "patient_name": _NAMES.get(language[:2], _NAMES["en"]),
        "clinic_name": clinic.name,
        "clinic_phone": clinic.phone.replace(" ", "\u00a0"),
        "clinic_address": ", ".join(clinic.address.splitlines()),
        "emergency_number": clinic.emergency_number,
        "visit_date": date_format(first, "l j F"),
        "visit_time": time_format(first, "H:i"),
        "visit_list": "\n".join(lines),
        "visit_count": str(len(lines)),
        "practitioner_name": "Dr Ayla Kara",
        "code": "482913",
        NEXT_VISIT: f"{date_format(first, 'l j F')}, {time_format(first, 'H:i')}",
        "offer_until": time_format(first, "H:i"),
        "reason": "",
        "what_changed": str(Change(time=True)),
    }
