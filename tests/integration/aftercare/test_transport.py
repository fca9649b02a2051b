"""The SMTP conversation, against servers that say what each test needs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from aftercare.exceptions import Certainty, DeliveryError
from aftercare.services.transport import SmtpTransport

PIPELINING = b"250-here\r\n250 PIPELINING\r\n"
PLAIN = b"250 here\r\n"


class Server:
    """Answers the commands of one connection by their first word; notes what it was told."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self.answers = {b"EHLO": PLAIN, b"DATA": b"354 go on\r\n"} | answers
        self.heard: list[bytes] = []
        self.writes = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _peer = self._listener.accept()
        with connection:
            connection.sendall(b"220 hello\r\n")
            buffer, in_data = b"", False
            while data := connection.recv(65536):
                self.writes += 1
                buffer += data
                while b"\r\n" in buffer:
                    line, buffer = buffer.split(b"\r\n", 1)
                    self.heard.append(line)
                    if in_data and line != b".":
                        continue
                    verb = b"." if in_data else line[:4].upper()
                    answer = self.answers.get(verb, b"250 ok\r\n")
                    in_data = verb == b"DATA" and answer.startswith(b"354")
                    if not answer:
                        return
                    connection.sendall(answer)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.join(5)
        self._listener.close()


@contextmanager
def serving(answers: dict[bytes, bytes], settings: object) -> Iterator[Server]:
    server = Server(answers)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port  # type: ignore[attr-defined]
    server.start()
    try:
        yield server
    finally:
        server.stop()


def send(transport: SmtpTransport) -> None:
    transport.send(
        sender="a@clinic.example", recipient="b@example.org", payload=b"X: y\r\n\r\nhi\r\n"
    )


@pytest.mark.parametrize("hello", [PLAIN, PIPELINING])
def test_the_same_is_said_with_and_without_pipelining(hello: bytes, settings: object) -> None:
    with serving({b"EHLO": hello}, settings) as server:
        with SmtpTransport() as transport:
            send(transport)
            send(transport)
        said = [line for line in server.heard if line[:4] not in (b"ehlo", b"quit", b"EHLO")]
    one = [
        b"MAIL FROM:<a@clinic.example>",
        b"RCPT TO:<b@example.org>",
        b"DATA",
        b"X: y",
        b"",
        b"hi",
    ]
    assert said == [*one, b".", *one, b"."]


def test_pipelining_saves_two_round_trips(settings: object) -> None:
    def writes(hello: bytes) -> int:
        with serving({b"EHLO": hello}, settings) as server, SmtpTransport() as transport:
            send(transport)
            return server.writes

    assert writes(PIPELINING) == writes(PLAIN) - 2


@pytest.mark.parametrize("hello", [PLAIN, PIPELINING])
@pytest.mark.parametrize(
    ("answers", "certainty", "lost"),
    [
        ({b"MAIL": b"550 no\r\n", b"RCPT": b"503 first MAIL\r\n"}, Certainty.PERMANENT, False),
        ({b"RCPT": b"550 unknown\r\n"}, Certainty.PERMANENT, False),
        ({b"RCPT": b"451 later\r\n"}, Certainty.TRANSIENT, False),
        ({b"RCPT": b"421 closing\r\n"}, Certainty.TRANSIENT, True),
        ({b"MAIL": b"421 closing\r\n", b"RCPT": b""}, Certainty.TRANSIENT, True),
        ({b"RCPT": b""}, Certainty.TRANSIENT, True),
        ({b"RCPT": b"550 unknown\r\n", b"DATA": b"554 for nobody\r\n"}, Certainty.PERMANENT, False),
        ({b"DATA": b"554 no\r\n"}, Certainty.PERMANENT, False),
        ({b"DATA": b"250 what?\r\n"}, Certainty.TRANSIENT, False),
        ({b".": b"552 too big\r\n"}, Certainty.PERMANENT, False),
        ({b".": b"451 disk full\r\n"}, Certainty.TRANSIENT, False),
        ({b".": b""}, Certainty.AMBIGUOUS, True),
        ({b".": b"what?\r\n"}, Certainty.AMBIGUOUS, True),
    ],
)
def test_each_ending_says_what_became_of_the_message(
    hello: bytes,
    answers: dict[bytes, bytes],
    certainty: Certainty,
    lost: bool,
    settings: object,
) -> None:
    hosted = serving({b"EHLO": hello, **answers}, settings)
    with hosted, SmtpTransport() as transport, pytest.raises(DeliveryError) as refused:
        send(transport)
    assert (refused.value.certainty, refused.value.connection_lost) == (certainty, lost)


@pytest.mark.parametrize(
    "address", ["a b@example.org", "a@example.org>SIZE=1", "é@example.org", "a<b@x.org"]
)
def test_what_is_no_address_is_refused_for_good(address: str, settings: object) -> None:
    hosted = serving({}, settings)
    with hosted, SmtpTransport() as transport, pytest.raises(DeliveryError) as refused:
        transport.send(sender="a@clinic.example", recipient=address, payload=b"x\r\n")
    assert refused.value.certainty is Certainty.PERMANENT


@pytest.mark.parametrize("hello", [PLAIN, PIPELINING])
def test_after_a_refused_address_the_next_one_gets_its_own_text(
    hello: bytes, settings: object
) -> None:
    """A server that says "go on" although it has nobody to give the text to."""
    with serving({b"EHLO": hello, b"RCPT": b"550 unknown\r\n"}, settings) as server:
        with SmtpTransport() as transport:
            with pytest.raises(DeliveryError):
                send(transport)
            server.answers.pop(b"RCPT")
            send(transport)
        heard = [line.lower() for line in server.heard]
    assert heard.count(b"x: y") == 1
    assert heard[heard.index(b"rset") + 1].startswith(b"mail from")
    texts = heard[: heard.index(b"rset")]
    assert (b"data" in texts) == (b"." in texts)


def test_a_line_of_the_text_never_ends_it(settings: object) -> None:
    with serving({}, settings) as server, SmtpTransport() as transport:
        payload = b"X: y\r\n\r\n.\r\n.hidden\r\nlast"
        transport.send(sender="a@c.example", recipient="b@d.example", payload=payload)
    at = server.heard.index(b"X: y")
    assert server.heard[at : at + 6] == [b"X: y", b"", b"..", b"..hidden", b"last", b"."]
