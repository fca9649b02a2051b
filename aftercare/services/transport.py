"""One SMTP conversation, kept open for many messages, whose errors say what became of a message."""

from __future__ import annotations

import smtplib
from types import TracebackType
from typing import Protocol, Self

from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from aftercare.exceptions import Certainty, DeliveryError
from aftercare.services.addresses import mailbox

_PERMANENT_FROM = 500


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
        """Say from whom and to whom; in one go where the server can take it (RFC 2920)."""
        try:
            smtp.ehlo_or_helo_if_needed()
            commands = [f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"]
            if smtp.has_extn("pipelining"):
                smtp.send("\r\n".join([*commands, ""]))
                replies = [smtp.getreply() for _command in commands]
            else:
                replies = [smtp.docmd(command) for command in commands]
        except (smtplib.SMTPException, OSError) as error:
            # The server left before it had the message.
            self._drop()
            raise DeliveryError(
                Certainty.TRANSIENT, f"connection lost: {error}", connection_lost=True
            ) from error
        for code, reply in replies:
            self._accept(smtp, code, reply)

    def _data(self, smtp: smtplib.SMTP, payload: bytes) -> None:
        try:
            code, reply = smtp.data(payload)
        except smtplib.SMTPDataError as error:
            # Refused before the first byte of the message.
            self._accept(smtp, error.smtp_code, error.smtp_error)
            raise
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
        self._accept(smtp, code, reply)

    def _accept(self, smtp: smtplib.SMTP, code: int, reply: bytes | str) -> None:
        """Return for a 2xx reply, otherwise raise what the reply means."""
        if 200 <= code < 300:
            return
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        detail = f"{code} {text}"[:250]
        if code == 421 or code < 200:
            # 421 closes the channel; a malformed reply (-1) means we are out of step.
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
