"""A mail as the patient's program opens it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from icalendar import Calendar


def plain(mail: EmailMessage) -> str:
    """The plain text."""
    return _body(mail, "plain")


def html(mail: EmailMessage) -> str:
    """The HTML twin."""
    return _body(mail, "html")


def events_in(mail: EmailMessage) -> list[Any]:
    """The entries of the calendar file, whose method and part must agree."""
    (part,) = mail.iter_attachments()
    calendar = Calendar.from_ical(part.get_content())
    assert part.get_param("method") == calendar["method"]
    assert part.get_filename() == "visit.ics"
    return list(calendar.walk("VEVENT"))


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
