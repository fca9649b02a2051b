"""Reads the Maildir which the local mail server writes."""

from __future__ import annotations

import mailbox
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from pathlib import Path


@dataclass(frozen=True)
class Summary:
    """One line of the list. `arrived` is aware UTC."""

    key: str
    arrived: datetime
    subject: str
    sender: str
    recipients: str
    attachments: int


@dataclass(frozen=True)
class Attachment:
    """One attached file, numbered from 0 in the order of the message."""

    number: int
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One whole message; `text` and `html` are "" where it has no such part."""

    summary: Summary
    headers: list[tuple[str, str]]
    text: str
    html: str
    attachments: list[Attachment]
    raw: bytes


def newest(folder: Path, *, words: str = "", start: int = 0, count: int = 50) -> list[Summary]:
    """`count` messages from number `start`, newest first, whose headers hold all `words`."""
    if not folder.is_dir():
        return []
    box = _open(folder)
    wanted = words.lower().split()
    found: list[Summary] = []
    for key in sorted(box.keys(), key=_arrival, reverse=True):
        if len(found) >= start + count:
            break
        summary = _summary(key, _parse(box.get_bytes(key)))
        line = f"{summary.subject} {summary.sender} {summary.recipients}".lower()
        if all(word in line for word in wanted):
            found.append(summary)
    return found[start:]


def read(folder: Path, key: str) -> Mail | None:
    """The message under `key`, or None where there is none (any more)."""
    try:
        raw = _open(folder).get_bytes(key)
    except (KeyError, FileNotFoundError):
        return None
    message = _parse(raw)
    return Mail(
        summary=_summary(key, message),
        headers=[(name, str(value)) for name, value in message.items()],
        text=_body(message, "plain"),
        html=_body(message, "html"),
        attachments=[
            Attachment(
                number,
                part.get_filename() or f"attachment-{number + 1}",
                part.get_content_type(),
                _payload(part),
            )
            for number, part in enumerate(_attachments(message))
        ],
        raw=raw,
    )


def clear(folder: Path) -> int:
    """Delete every message; returns how many there were."""
    if not folder.is_dir():
        return 0
    box = _open(folder)
    keys = box.keys()
    for key in keys:
        box.discard(key)
    return len(keys)


def _open(folder: Path) -> mailbox.Maildir:
    return mailbox.Maildir(folder, create=True)


def _arrival(key: str) -> tuple[float, str]:
    """Keys begin with the seconds since 1970: "1763780000.M12P3Q4.host"."""
    seconds, _, rest = key.partition(".")
    micro = rest.partition("P")[0].removeprefix("M")
    try:
        return float(seconds) + (int(micro) / 1e6 if micro.isdecimal() else 0), rest
    except ValueError:
        return 0.0, key


def _parse(raw: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(raw)


def _summary(key: str, message: EmailMessage) -> Summary:
    return Summary(
        key=key,
        arrived=datetime.fromtimestamp(_arrival(key)[0], UTC),
        subject=str(message.get("Subject", "")),
        sender=str(message.get("From", "")),
        recipients=str(message.get("X-RcptTo") or message.get("To", "")),
        attachments=len(_attachments(message)),
    )


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.iter_attachments() if isinstance(part, EmailMessage)]


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, KeyError):  # unknown character set
        return _payload(part).decode("utf-8", "replace")


def _payload(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
