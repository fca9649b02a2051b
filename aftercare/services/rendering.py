"""From a clinic's template and a message's variables to the bytes that leave.

Templates are plain text with `{{ variables }}`; nothing in them can run. The HTML twin is made
from the same text, block by block (`aftercare.services.blocks`), inside the clinic's frame.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from pathlib import Path

import css_inline
from django.template.loader import render_to_string

from aftercare.domain import lint
from aftercare.domain.lint import VARIABLE
from aftercare.exceptions import UnknownVariable
from aftercare.services import mime
from aftercare.services.addresses import mailbox
from aftercare.services.blocks import ACCENT, block_html, block_text, blocks_of, firsts
from aftercare.services.mime import Attachment
from mesoclinic.clinic.models import Clinic

_WORDS = Path(__file__).resolve().parent.parent / "data" / "frame.json"
NEXT_VISIT = "next_visit"
"""Day and time of the next visit; a paragraph that names it is left out where there is none."""
_BODY, _SUBJECT, _STOP, _PREHEADER = "%%BODY%%", "%%SUBJECT%%", "%%STOP%%", "%%PREHEADER%%"
_MARKS = re.compile("|".join((_SUBJECT, _PREHEADER, _BODY, _STOP)))
_STOP_HTML = (
    '<br><br>{question} <a href="{url}" style="color:#51616c;text-decoration:underline">{label}</a>'
)
_CALL_LINK = (
    '<a href="tel:{number}" style="color:inherit;text-decoration:underline;white-space:nowrap">'
    "{shown}</a>"
)


@dataclass(frozen=True)
class Look:
    """How a clinic's mails look: its colour, and its logo (a PNG, size in CSS pixels) if it has one."""

    accent: str = ACCENT
    logo: bytes = b""
    logo_width: int = 0
    logo_height: int = 0


PLAIN = Look()
"""How mails look where the clinic has chosen nothing."""


@dataclass(frozen=True)
class Source:
    """A template as it is filled: its texts and their language."""

    subject: str
    body: str
    language: str
    preheader: str = ""


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
    logo: bytes = b""


@lru_cache(maxsize=1024)
def variables_in(text: str) -> frozenset[str]:
    """The names a template uses."""
    return lint.variables_in(text)


def is_well_formed(text: str) -> bool:
    """Whether every brace pair of a template is a variable: what is not would reach the patient."""
    rest = VARIABLE.sub("", text)
    return "{{" not in rest and "}}" not in rest


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Put the values into a template; raises `UnknownVariable` for a name without a value."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in variables:
            raise UnknownVariable(f"{{{{ {name} }}}}")
        return variables[name]

    return VARIABLE.sub(value, text)


def write(
    clinic: Clinic,
    source: Source,
    variables: Mapping[str, str],
    *,
    unsubscribe_url: str = "",
    ask_url: str = "",
    look: Look = PLAIN,
) -> Words:
    """The words of one message in the clinic's frame.

    Without a `preheader` the first line in the inbox says who writes and whom to call. A block of the body that asks for a link or a next visit this message does not have ("" in
    `variables`) is left out. Raises `UnknownVariable`.
    """
    line = " ".join(fill(source.subject, variables).split())
    texts, htmls = _filled(source.body, variables, look.accent)
    words = frame_words(source.language)
    stop = stop_text = ""
    for name, url in (("ask", ask_url), ("unsubscribe", unsubscribe_url)):
        if url:
            question, label = words[name], words[f"{name}_link"]
            stop += _STOP_HTML.format(
                question=escape(question), url=escape(url), label=escape(label)
            )
            stop_text += f"\n{question} {label}\n{url}\n"
    said = " ".join(fill(source.preheader, variables).split()) or _usual_preheader(clinic, words)
    body = _to_call("\n".join(htmls), variables.get("clinic_phone", ""))
    frame = _frame(clinic.name, clinic.phone, clinic.address, source.language, look)
    # The frame is ours, and the body is escaped block by block.
    between = (escape(line), escape(said), body, stop, "")
    return Words(
        subject=line,
        text="\n\n".join(texts) + f"\n\n-- \n{_footer(clinic)}{stop_text}",
        html="".join(part for pair in zip(frame, between, strict=True) for part in pair),
    )


def _filled(body: str, variables: Mapping[str, str], accent: str) -> tuple[list[str], list[str]]:
    """The blocks of a body as plain text and as HTML, without those that lack what they name."""
    kept = list(_kept(body, variables))
    texts, htmls = [], []
    for (block, is_fixed), (_block, first) in zip(
        kept, firsts(one for one, _ in kept), strict=True
    ):
        texts.append((_fixed_text if is_fixed else block_text)(block))
        htmls.append((_fixed_html if is_fixed else block_html)(block, accent, first=first))
    return texts, htmls


def _kept(body: str, variables: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """The filled blocks, each with whether it reads the same in every message."""
    for block, names in _cut(body):
        if not names:
            yield block, True
        elif not any(_may_lack(name) and variables.get(name) == "" for name in names):
            # Cut first, filled then: a value may hold several lines, never a new kind of block.
            yield fill(block, variables).strip(), False


def _may_lack(name: str) -> bool:
    return name == NEXT_VISIT or name.endswith("_link")


@lru_cache(maxsize=1024)
def _cut(body: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The blocks of a template, each with the variables it names."""
    return tuple((block, variables_in(block)) for block in blocks_of(body))


# What names no variable reads the same in every message. What does holds secrets: not kept here.
_fixed_text = lru_cache(maxsize=1024)(block_text)
_fixed_html = lru_cache(maxsize=1024)(block_html)


def _to_call(html: str, phone: str) -> str:
    """The clinic's number in a text calls it when it is touched."""
    if not phone:
        return html
    shown = escape(phone)
    link = _CALL_LINK.format(number="".join(phone.split()), shown=shown)
    return html.replace(shown, link)


def _usual_preheader(clinic: Clinic, words: Mapping[str, str]) -> str:
    usual = words["preheader" if clinic.phone else "preheader_without_phone"]
    return usual.format(clinic=clinic.name, phone=clinic.phone)


def build(clinic: Clinic, words: Words, envelope: Envelope) -> bytes:
    """The mail as SMTP wants it. No health data stands in any header or file name."""
    lines = [
        mime.header("Subject", words.subject),
        _from_line(clinic.sender_name or clinic.name, clinic.sender_email),
        mime.address_header("To", envelope.recipient_name, mailbox(envelope.recipient)),
        mime.header("Date", format_datetime(envelope.date)),
        mime.header("Message-ID", envelope.message_id),
        mime.header("Auto-Submitted", "auto-generated"),
    ]
    if envelope.unsubscribe_url:
        lines.append(mime.header("List-Unsubscribe", f"<{envelope.unsubscribe_url}>"))
        lines.append(mime.header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return b"".join(
        [*lines, mime.body(words.text, words.html, envelope.attachments, envelope.logo)]
    )


@lru_cache(maxsize=256)
def _from_line(name: str, address: str) -> bytes:
    return mime.address_header("From", name, mailbox(address))


def _footer(clinic: Clinic) -> str:
    lines = [clinic.name, *clinic.address.splitlines(), clinic.phone]
    return "\n".join(line for line in lines if line) + "\n"


@lru_cache(maxsize=32)
def frame_words(language: str) -> Mapping[str, str]:
    """What the frame says around a message, in the message's language or English."""
    known = json.loads(_WORDS.read_text("utf-8"))
    found: Mapping[str, str] = known.get(language[:2]) or known["en"]
    return found


@lru_cache(maxsize=256)
def _frame(name: str, phone: str, address: str, language: str, look: Look) -> tuple[str, ...]:
    """The layout with its styles inlined, cut where a message's own words come."""
    page = render_to_string(
        "aftercare/mail/layout.html",
        {
            "clinic_name": name,
            "clinic_phone": phone,
            "clinic_address": address,
            "preheader": _PREHEADER,
            "look": look,
            "logo": f"cid:{mime.LOGO}" if look.logo else "",
            "language": language,
            "body": _BODY,
            "subject": _SUBJECT,
            "stop": _STOP,
        },
    )
    whole = css_inline.inline(page, keep_style_tags=True, load_remote_stylesheets=False)
    return tuple(_MARKS.split(whole))
