"""One signed-in person on one kept-alive connection."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.benchmarks import probe

# CSRF compares the cookie with what the form carries; any well-formed secret does.
_CSRF = "bench" + "0" * 27


class UnexpectedAnswer(AssertionError):
    """The server answered something else than the benchmark stands on."""


@dataclass(frozen=True)
class Answer:
    """Status, body and headers of one response."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Client:
    """`get` and `post` for one session; the connection stays open between requests."""

    def __init__(self, port: int, session: str, cookie_name: str = "session") -> None:
        self._port = port
        self._cookie = f"{cookie_name}={session}; csrftoken={_CSRF}"
        self._connection: http.client.HTTPConnection | None = None

    def get(
        self,
        path: str,
        *,
        accept: str = "text/html",
        ask: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET `path`; `accept` "application/json" for what scripts read."""
        return self._ask("GET", path, {"Accept": accept, **_probe(ask), **(headers or {})}, None)

    def post(
        self,
        path: str,
        fields: Mapping[str, object] | list[tuple[str, str]],
        *,
        as_json: bool = False,
        ask: str = "",
    ) -> Answer:
        """POST a form, or JSON to the API."""
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        body = json.dumps(fields) if as_json else urlencode(fields, doseq=True)
        headers = {"Content-Type": kind, "X-CSRFToken": _CSRF, **_probe(ask)}
        headers["Accept"] = "application/json" if as_json else "text/html"
        return self._ask("POST", path, headers, body.encode())

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def process(self, path: str) -> str:
        """Which web process holds our connection."""
        return self.get(path, ask=probe.QUERIES).headers.get("X-Process", "")

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        for attempt in (1, 2):
            connection = self._connected()
            try:
                connection.request(method, path, body, {"Cookie": self._cookie, **headers})
                response = connection.getresponse()
                return Answer(response.status, response.read(), dict(response.getheaders()))
            except (http.client.RemoteDisconnected, ConnectionError):
                # The server closes connections that were idle for a while: once is normal.
                self.close()
                if attempt == 2:
                    raise
        raise UnexpectedAnswer(path)

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._connection


def _probe(ask: str) -> dict[str, str]:
    return {probe.ASK: ask} if ask else {}


def expect(answer: Answer, *statuses: int) -> Answer:
    """The answer, if its status is one of `statuses`."""
    if answer.status not in statuses:
        raise UnexpectedAnswer(f"{answer.status} instead of {statuses}: {answer.text[:600]}")
    return answer
