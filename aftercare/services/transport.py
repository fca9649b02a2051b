"""One SMTP conversation, kept open for many messages, whose errors say what became of a message."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from types import TracebackType
from typing import NoReturn, Protocol, Self

from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from aftercare.exceptions import Certainty, DeliveryError
from aftercare.services.addresses import mailbox

_PERMANENT_FROM = 500
_GO_ON = 354
# 421 closes the channel; a malformed reply (-1) means that we are out of step.
_OUT_OF_STEP = frozenset({421, *range(-1, 200)})


class Transport(Protocol):
    """What the dispatcher needs of a mail server."""

    def send(self, *, sender: str, recipient: str, payload: bytes) -> str:
        """Hand over one message; the id its carrier gave it, or "". Raises `DeliveryError`."""

    def close(self) -> None:
        """End the conversation."""


class SmtpTransport:
    """The configured SMTP server (`EMAIL_URL`), connected when the first message needs it."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, *, sender: str, recipient: str, payload: bytes) -> str:
        """Hand over one message of CRLF lines; addresses are bare. Raises `DeliveryError`."""
        smtp = self._connected()
        try:
            addresses = mailbox(sender), mailbox(recipient)
        except ValueError as error:
            raise DeliveryError(Certainty.PERMANENT, f"not an address: {error}") from error
        self._envelope(smtp, *addresses)
        self._data(smtp, payload)
        return ""

    def close(self) -> None:
        """Say goodbye; a server that is already gone is no error."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()
            self._smtp = None

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            backend = get_connection()
            if not isinstance(backend, EmailBackend):
                raise DeliveryError(
                    Certainty.TRANSIENT, "no SMTP server is configured", server_away=True
                )
            try:
                backend.open()
            except (smtplib.SMTPException, OSError) as error:
                # Nothing was said about any message yet: all of them can wait.
                raise DeliveryError(
                    Certainty.TRANSIENT, f"no connection: {error}", server_away=True
                ) from error
            self._smtp = backend.connection
        if self._smtp is None:
            raise DeliveryError(Certainty.TRANSIENT, "no connection", server_away=True)
        return self._smtp

    def _envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
        """Say from whom, to whom, and that the text comes; returns when the server waits for it.

        In one go where the server can take it (RFC 2920).
        """
        commands = [f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"]
        try:
            smtp.ehlo_or_helo_if_needed()
            replies = _said(smtp, commands)
            refusal = _refused(replies)
            if refusal is not None and replies[-1][0] == _GO_ON:
                # It waits for a text although it has nobody to give it to: there is none.
                smtp.send(".\r\n")
                smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            # The server left before it had the message.
            self._drop()
            raise DeliveryError(
                Certainty.TRANSIENT, f"connection lost: {error}", connection_lost=True
            ) from error
        if refusal is not None:
            self._refuse(smtp, *refusal)

    def _data(self, smtp: smtplib.SMTP, payload: bytes) -> None:
        end = b".\r\n" if payload.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            # No line of ours may look like the end (RFC 5321, 4.5.2); the first is a header.
            smtp.send(payload.replace(b"\r\n.", b"\r\n..") + end)
            code, reply = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise DeliveryError(
                Certainty.AMBIGUOUS,
                f"connection lost while handing over: {error}",
                connection_lost=True,
            ) from error
        if code < 200:
            # Something came back, but no reply: whether the message was taken is unknown.
            self._drop()
            raise DeliveryError(
                Certainty.AMBIGUOUS, "malformed reply after the message", connection_lost=True
            )
        if code >= 300:
            self._refuse(smtp, code, reply)

    def _refuse(self, smtp: smtplib.SMTP, code: int, reply: bytes) -> NoReturn:
        """Raise what a reply means that is not the hoped-for one."""
        detail = f"{code} {reply.decode('utf-8', 'replace')}"[:250]
        if code in _OUT_OF_STEP:
            self._drop()
            raise DeliveryError(Certainty.TRANSIENT, detail, connection_lost=True)
        try:
            smtp.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()
        certainty = Certainty.PERMANENT if code >= _PERMANENT_FROM else Certainty.TRANSIENT
        raise DeliveryError(certainty, detail)

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _said(smtp: smtplib.SMTP, commands: Sequence[str]) -> list[tuple[int, bytes]]:
    """The replies to the commands, up to one after which the server hears no more."""
    together = smtp.has_extn("pipelining")
    if together:
        smtp.send("\r\n".join([*commands, ""]))
    replies: list[tuple[int, bytes]] = []
    for command in commands:
        if not together:
            smtp.putcmd(command)
        replies.append(smtp.getreply())
        if replies[-1][0] in _OUT_OF_STEP or (not together and _refused(replies)):
            break
    return replies


def _refused(replies: Sequence[tuple[int, bytes]]) -> tuple[int, bytes] | None:
    """The first reply that is not the hoped-for one: 2xx, and to the third command 354."""
    for position, reply in enumerate(replies):
        if reply[0] != _GO_ON if position == 2 else reply[0] // 100 != 2:
            return reply
    return None
