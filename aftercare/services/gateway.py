"""SMS and WhatsApp over any HTTP gateway: one signed JSON request for each message.

    POST <GATEWAY_URL>
    Idempotency-Key: <id of the message>      the same on every try, so a repeated one costs nothing
    X-Timestamp: 1767171600
    X-Signature: sha256=<HMAC-SHA256 of "<timestamp>.<body>" under GATEWAY_SECRET, in hex>
    {"id": "…", "channel": "sms", "to": "+33639981234", "from": "Clinique", "text": "…"}

The gateway answers 2xx, at best with `{"id": "its own id"}`. It reports on delivery by the same
signature to `/hooks/gateway/` (`aftercare.views.hooks`). An adapter for one provider is a small
program in between, or a subclass of `Gateway` that overrides `_request`.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from aftercare.exceptions import Certainty, DeliveryError
from aftercare.models import Message
from mesoclinic.clinic.models import Clinic

_TRY_AGAIN = frozenset({408, 409, 423, 425, 429})
_LONGEST_ANSWER = 65_536
TOLERANCE = 300
"""Seconds that the clocks of both sides may differ before a signature counts as stale."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body sent at a Unix time."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def is_signed(secret: str, timestamp: str, body: bytes, given: str, now: float) -> bool:
    """Whether a request was signed with our secret, and lately. `now` is a Unix time."""
    if not secret or not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    return hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode())


@dataclass(frozen=True)
class Short:
    """One short message: its own id, `sms` or `whatsapp`, to which number, from whom, the words."""

    id: UUID
    channel: str
    to: str
    sender: str
    text: str


def sender_of(clinic: Clinic) -> str:
    """The name a short message comes from."""
    return clinic.sender_name or clinic.name


class Gateway:
    """The configured gateway (`GATEWAY_URL`), connected when the first short message needs it."""

    def __init__(self) -> None:
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._drop()

    def send(self, message: Message, text: str) -> str:
        """Hand over one short message to a patient; the gateway's id. Raises `DeliveryError`."""
        return self.hand_over(
            Short(message.pk, message.channel, message.recipient, sender_of(message.clinic), text)
        )

    def hand_over(self, short: Short) -> str:
        """Hand over any short message; the gateway's id. Raises `DeliveryError`.

        A try whose answer got lost is simply repeated: the gateway knows it by its key.
        """
        if not settings.GATEWAY_URL:
            raise DeliveryError(Certainty.PERMANENT, "no gateway for SMS and WhatsApp is set up")
        headers, body = self._request(short)
        try:
            status, answer = self._post(headers, body)
        except (http.client.HTTPException, OSError) as error:
            self._drop()
            raise DeliveryError(Certainty.TRANSIENT, f"gateway: {error}"[:250]) from error
        if 200 <= status < 300:
            return _id_in(answer)
        detail = f"gateway: {status} {answer[:200].decode('utf-8', 'replace')}"
        wait = status in _TRY_AGAIN or status >= 500
        raise DeliveryError(Certainty.TRANSIENT if wait else Certainty.PERMANENT, detail)

    def _request(self, short: Short) -> tuple[dict[str, str], bytes]:
        """Headers and body of one message."""
        content = {
            "id": str(short.id), "channel": short.channel, "to": short.to,
            "from": short.sender, "text": short.text,
        }  # fmt: skip
        body = json.dumps(content, ensure_ascii=False).encode()
        timestamp = str(int(timezone.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": str(short.id),
            "X-Timestamp": timestamp,
            "X-Signature": signature(settings.GATEWAY_SECRET, timestamp, body),
        }
        return headers, body

    def _post(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        url = urlsplit(settings.GATEWAY_URL)
        if self._connection is None:
            kind = http.client.HTTPSConnection if url.scheme == "https" else _plain
            self._connection = kind(url.netloc, timeout=settings.EMAIL_TIMEOUT)
        path = url.path or "/"
        self._connection.request(
            "POST", f"{path}?{url.query}" if url.query else path, body, headers
        )
        response = self._connection.getresponse()
        answer = response.read(_LONGEST_ANSWER)
        if response.will_close or len(answer) == _LONGEST_ANSWER:
            self._drop()
        return response.status, answer

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_plain = http.client.HTTPConnection


def _id_in(answer: bytes) -> str:
    try:
        found = json.loads(answer)
    except ValueError:
        return ""
    return str(found.get("id", ""))[:200] if isinstance(found, dict) else ""
