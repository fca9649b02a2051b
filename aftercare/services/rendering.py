"""From a clinic's template and a message's variables to the bytes that leave.

Templates are plain text with `{{ variables }}`; nothing in them can run. The HTML twin is made
from the same text: a block that starts with `# ` is a heading, lines that start with `- ` are a
list, and a line `Label: {{ some_link }}` becomes a button.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from functools import lru_cache
from html import escape

import css_inline
from django.template.loader import render_to_string

from aftercare.exceptions import UnknownVariable
from mesoclinic.clinic.models import Clinic

VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_BUTTON = re.compile(r"^(?P<label>[^:\n]{1,60}): (?P<url>https?://\S+)$")
_BODY, _SUBJECT = "%%BODY%%", "%%SUBJECT%%"

# Mail programs drop style sheets: what a block looks like stands at the block.
_PARAGRAPH_HTML = '<p style="margin:0 0 16px">{}</p>'
_HEADING_HTML = '<h1 style="color:#17232b;font-size:22px;line-height:1.3;margin:0 0 16px">{}</h1>'
_LIST_HTML = '<ul style="margin:0 0 16px;padding-left:22px">{}</ul>'
_ITEM_HTML = '<li style="margin:0 0 8px">{}</li>'
_BUTTON_HTML = (
    '<p style="margin:24px 0"><a href="{url}" style="background:#0e6f6d;border-radius:10px;'
    "color:#ffffff;display:inline-block;font-weight:600;padding:14px 22px;"
    'text-decoration:none">{label}</a></p>'
)


@dataclass(frozen=True)
class Attachment:
    """A file that travels with a message; `params` go into its Content-Type."""

    name: str
    content: bytes
    subtype: str = "calendar"
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """What a patient reads: subject, plain text and its HTML twin."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Envelope:
    """Everything about a mail but its words."""

    message_id: str
    recipient: str
    recipient_name: str
    date: dt.datetime
    unsubscribe_url: str = ""
    attachments: tuple[Attachment, ...] = ()


def variables_in(text: str) -> frozenset[str]:
    """The names a template uses."""
    return frozenset(VARIABLE.findall(text))


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Put the values into a template; raises `UnknownVariable` for a name without a value."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in variables:
            raise UnknownVariable(f"{{{{ {name} }}}}")
        return variables[name]

    return VARIABLE.sub(value, text)


def write(
    clinic: Clinic, *, subject: str, body: str, language: str, variables: Mapping[str, str]
) -> Words:
    """The words of one message in the clinic's frame."""
    line = " ".join(fill(subject, variables).split())
    text = fill(body, variables).strip() + "\n"
    frame = _frame(clinic.name, clinic.phone, clinic.address, language)
    # `replace` on plain strings: the frame is ours and the body is escaped block by block.
    html = str(frame).replace(_SUBJECT, escape(line)).replace(_BODY, _html(text))
    return Words(subject=line, text=f"{text}\n-- \n{_footer(clinic)}", html=html)


def build(clinic: Clinic, words: Words, envelope: Envelope) -> bytes:
    """The mail as SMTP wants it. No health data stands in any header or file name."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = words.subject
    mail["From"] = formataddr((clinic.sender_name or clinic.name, clinic.sender_email))
    mail["To"] = formataddr((envelope.recipient_name, envelope.recipient))
    mail["Date"] = format_datetime(envelope.date)
    mail["Message-ID"] = envelope.message_id
    mail["Auto-Submitted"] = "auto-generated"
    if envelope.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(words.text, cte="quoted-printable")
    mail.add_alternative(words.html, subtype="html", cte="quoted-printable")
    for attachment in envelope.attachments:
        mail.add_attachment(
            attachment.content,
            maintype="text",
            subtype=attachment.subtype,
            filename=attachment.name,
            params=dict(attachment.params),
        )
    return mail.as_bytes()


def _footer(clinic: Clinic) -> str:
    lines = [clinic.name, *clinic.address.splitlines(), clinic.phone]
    return "\n".join(line for line in lines if line) + "\n"


@lru_cache(maxsize=256)
def _frame(name: str, phone: str, address: str, language: str) -> str:
    """The layout with its styles inlined, once for each clinic as it is now."""
    page = render_to_string(
        "aftercare/mail/layout.html",
        {
            "clinic_name": name,
            "clinic_phone": phone,
            "clinic_address": address,
            "language": language,
            "body": _BODY,
            "subject": _SUBJECT,
        },
    )
    return css_inline.inline(page, keep_style_tags=True, load_remote_stylesheets=False)


def _html(text: str) -> str:
    """The HTML twin: every line is escaped here, the tags around them are ours."""
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return "\n".join(_block(block.strip()) for block in blocks)


def _block(block: str) -> str:
    lines = [escape(line) for line in block.splitlines()]
    if button := _BUTTON.match(block):
        return _BUTTON_HTML.format(url=escape(button["url"]), label=escape(button["label"]))
    if block.startswith("# "):
        return _HEADING_HTML.format("<br>".join(lines)[2:])
    if all(line.startswith("- ") for line in lines):
        return _LIST_HTML.format("".join(_ITEM_HTML.format(line[2:]) for line in lines))
    return _PARAGRAPH_HTML.format("<br>".join(lines))
