"""Mail leaves through a real SMTP conversation."""

from __future__ import annotations

import smtplib

import pytest
from django.core.mail import EmailMultiAlternatives

from tests.mailsink import MailSink


def _mail(recipient: str) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives("Grüße", "plain", "clinic@example.com", [recipient])
    mail.attach_alternative("<p>html</p>", "text/html")
    mail.attach("visit.ics", "BEGIN:VCALENDAR", "text/calendar")
    return mail


def test_message_arrives_whole(mail_sink: MailSink) -> None:
    _mail("ana@example.com").send()

    (message,) = mail_sink.wait_for(1)
    assert message["Subject"] == "Grüße"
    assert mail_sink.recipients == [["ana@example.com"]]
    assert {part.get_content_type() for part in message.walk()} >= {
        "text/plain",
        "text/html",
        "text/calendar",
    }


def test_refused_recipient_raises(mail_sink: MailSink) -> None:
    mail_sink.refuse["full@example.com"] = "452 4.2.2 mailbox full"

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        _mail("full@example.com").send()
    assert mail_sink.messages == []
