"""Reading what arrived at the SMTP sink as the patient would."""

from __future__ import annotations

import re
from email.message import EmailMessage

import time_machine
from django.utils import timezone

from aftercare.receivers.visits import GRACE
from aftercare.tasks import dispatch_due
from tests.mailsink import MailSink


def deliver(sink: MailSink) -> list[EmailMessage]:
    """Ring the bell once: what is due goes out; returns what arrived by this ring."""
    before = len(sink.messages)
    # What staff do at a screen leaves three minutes later: time to take it back.
    with time_machine.travel(timezone.now() + GRACE):
        dispatch_due()
    return sink.messages[before:]


def subjects(mails: list[EmailMessage]) -> list[str]:
    """The subject lines, in order of arrival."""
    return [str(mail["Subject"]) for mail in mails]


def about(mails: list[EmailMessage], words: str) -> EmailMessage:
    """The one mail whose subject contains `words`."""
    found = [mail for mail in mails if words in str(mail["Subject"])]
    assert len(found) == 1, f"{words!r} in {subjects(mails)}"
    return found[0]


def text_of(mail: EmailMessage) -> str:
    """The plain text part."""
    part = mail.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content())


def link_in(mail: EmailMessage) -> str:
    """The address of the first patient link that is not for unsubscribing."""
    links = [one for one in re.findall(r"https?://\S+/p/\S+", text_of(mail)) if "unsub" not in one]
    assert links, text_of(mail)
    return str(links[0]).rstrip(").,")


def calendar_in(mail: EmailMessage) -> str:
    """The attached calendar file."""
    files = [part for part in mail.iter_attachments() if part.get_content_type() == "text/calendar"]
    files += [part for part in mail.walk() if part.get_content_type() == "text/calendar"][:1]
    assert files, "no calendar file in the mail"
    content = files[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()
