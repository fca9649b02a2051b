"""A real SMTP server for tests: keeps every message, and can refuse on demand."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from socket import socket
from typing import Any, Self

from aiosmtpd.controller import Controller


class _FreePort(Controller):
    """A controller which learns the port the system gave it."""

    def _trigger_server(self) -> None:
        sockets: Sequence[socket] = getattr(self.server, "sockets", ())
        self.port = sockets[0].getsockname()[1]
        super()._trigger_server()


class MailSink:
    """Use as a context manager. `messages` holds what arrived, in order.

    `refuse` maps a recipient to the SMTP reply it gets, for example
    ``{"full@example.com": "452 mailbox full"}``.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refuse: dict[str, str] = {}
        self._arrived = threading.Condition()
        self._controller = _FreePort(self, hostname="127.0.0.1", port=0)

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if reply := self.refuse.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        with self._arrived:
            self.messages.append(parsed)
            self.recipients.append(list(envelope.rcpt_tos))
            self._arrived.notify_all()
        return "250 Message accepted for delivery"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        return str(self._controller.hostname), int(self._controller.port)

    def wait_for(self, count: int, seconds: float = 10) -> list[EmailMessage]:
        """Wait until `count` messages have arrived (or time is up) and return all."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.messages) >= count, seconds)
        return self.messages

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._controller.stop(no_assert=True)
