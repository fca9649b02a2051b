"""SMS over a real HTTP gateway, mail over a provider's real HTTP API, and what both report back."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from aftercare.models import AddressProblem, Message, StaffTask
from aftercare.services import dispatch
from aftercare.services.gateway import is_signed, signature
from aftercare.services.provider import configured_transport
from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from tests.factories import aftercare as make
from tests.factories import treatments

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
SECRET = "shared-with-the-gateway"


class Server:
    """A real HTTP server on loopback: keeps requests, answers what it is told to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append((self.path, headers, body))
                status, answer = outer.answers.pop(0) if outer.answers else (200, {"id": "gw-1"})
                payload = json.dumps(answer).encode()
                if status == 0:  # hang up without a word
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_args: Any) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield running
    running.http.shutdown()
    running.http.server_close()
    thread.join()


@pytest.fixture
def gateway(server: Server, settings: Any) -> Server:
    settings.GATEWAY_URL, settings.GATEWAY_SECRET = f"{server.url}/send?v=1", SECRET
    return server


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    make.template(clinic, short_text="{{ clinic_name }}: call {{ clinic_phone }}.")
    return treatments.patient(clinic, email="ines@example.org", phone="+33639981234")


def sms(patient: Patient, **fields: Any) -> Message:
    return make.message(patient, NOW, channel="sms", **fields)


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.why


# --- the gateway ----------------------------------------------------------------------------------


def test_a_short_message_goes_signed_to_the_phone(gateway: Server, patient: Patient) -> None:
    message = sms(patient)
    with time_machine.travel(NOW, tick=False):
        make.post(NOW)
    path, headers, body = gateway.requests[0]
    content = json.loads(body)
    assert (path, len(gateway.requests)) == ("/send?v=1", 1)
    assert (content["to"], content["channel"]) == ("+33639981234", "sms")
    assert content["text"].startswith(patient.clinic.name)
    assert "{{" not in content["text"]
    assert headers["idempotency-key"] == content["id"] == str(message.pk)
    assert is_signed(SECRET, headers["x-timestamp"], body, headers["x-signature"], NOW.timestamp())
    assert state_of(message)[0] == "sent"
    assert message.provider_id == "gw-1"


@pytest.mark.parametrize(
    ("status", "state"),
    [(503, "planned"), (429, "planned"), (0, "planned"), (422, "failed"), (401, "failed")],
)
def test_refusals_are_tried_again_or_end_with_a_task(
    gateway: Server, patient: Patient, status: int, state: str
) -> None:
    gateway.answers = [(status, {"error": "no"})]
    message, mail_before = sms(patient), StaffTask.objects.count()
    make.post(NOW)
    assert state_of(message)[0] == state
    assert StaffTask.objects.count() - mail_before == (state == "failed")
    if state == "planned":
        make.post(NOW + 5 * MINUTE)
        assert state_of(message)[0] == "sent"
        keys = {headers["idempotency-key"] for _path, headers, _body in gateway.requests}
        assert len(keys) == 1


def test_without_a_gateway_a_phone_or_words_it_fails_with_the_reason(
    clinic: Clinic, patient: Patient, settings: Any
) -> None:
    settings.GATEWAY_URL = ""
    make.template(clinic, "silent")
    nobody = treatments.patient(clinic, "Bruno", email="bruno@example.org", phone="")
    none, words, phone = sms(patient), sms(patient, template_key="silent"), sms(nobody)
    make.post(NOW)
    assert state_of(none) == ("failed", "no gateway for SMS and WhatsApp is set up")
    assert state_of(words)[0] == "failed"
    assert "no short text" in words.why
    assert state_of(phone) == ("failed", "The patient has no phone number.")


def report(body: dict[str, Any], secret: str = SECRET, at: dt.datetime = NOW) -> int:
    raw, stamp = json.dumps(body).encode(), str(int(at.timestamp()))
    with time_machine.travel(NOW, tick=False):
        return int(
            Client()
            .post(
                reverse("aftercare:hook-gateway"), raw, content_type="application/json",
                headers={"X-Timestamp": stamp, "X-Signature": signature(secret, stamp, raw)},
            )
            .status_code
        )  # fmt: skip


def test_delivery_reports_count_only_signed_and_fresh(gateway: Server, patient: Patient) -> None:
    message = sms(patient)
    make.post(NOW)
    said = {"id": str(message.pk), "status": "delivered"}
    assert report(said, secret="guessed") == 400
    assert report(said, at=NOW - 10 * MINUTE) == 400
    assert Client().post(reverse("aftercare:hook-gateway")).status_code == 400
    assert state_of(message)[0] == "sent"
    assert report({"id": "nonsense", "status": "delivered"}) == 400
    assert report(said) == report(said) == 204
    assert state_of(message)[0] == "delivered"


def test_a_number_that_does_not_exist_is_flagged(gateway: Server, patient: Patient) -> None:
    message = sms(patient)
    make.post(NOW)
    assert report({"id": str(message.pk), "status": "failed", "detail": "unknown number"}) == 204
    problem = AddressProblem.objects.get()
    assert (problem.channel, problem.address) == ("sms", "+33639981234")
    assert StaffTask.objects.get().kind == "bounced"


# --- a provider of mail ---------------------------------------------------------------------------


@pytest.fixture
def mailgun(server: Server, settings: Any) -> Server:
    settings.EMAIL_PROVIDER, settings.EMAIL_PROVIDER_API = "mailgun", True
    settings.ANYMAIL = {
        "MAILGUN_API_KEY": "key", "MAILGUN_API_URL": f"{server.url}/v3",
        "MAILGUN_WEBHOOK_SIGNING_KEY": "signing", "REQUESTS_TIMEOUT": 2,
    }  # fmt: skip
    return server


def post_by_api(at: dt.datetime) -> None:
    with configured_transport() as transport:
        dispatch.dispatch_due(clock=lambda: at, transport=transport)


def test_mail_leaves_by_the_api_with_our_headers(mailgun: Server, patient: Patient) -> None:
    mailgun.answers = [(200, {"id": "<1@mailgun>", "message": "Queued"})]
    message = make.message(patient, NOW)
    post_by_api(NOW)
    _path, _headers, body = mailgun.requests[0]
    assert state_of(message)[0] == "sent"
    assert message.provider_id == "<1@mailgun>"
    said = unquote_plus(body.decode())
    for part in (message.message_id, "List-Unsubscribe=One-Click", "A word from", "<html"):
        assert part in said


@pytest.mark.parametrize(("status", "state"), [(503, "planned"), (400, "failed")])
def test_the_api_refuses(mailgun: Server, patient: Patient, status: int, state: str) -> None:
    mailgun.answers = [(status, {"message": "no"})]
    message = make.message(patient, NOW)
    post_by_api(NOW)
    assert state_of(message)[0] == state


def hook(event: dict[str, Any], key: str = "signing") -> int:
    stamp, token = "1773133200", "t" * 50
    signed = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    body = {
        "signature": {"timestamp": stamp, "token": token, "signature": signed},
        "event-data": {"id": "e1", "timestamp": 1773133200.0, "tags": [], **event},
    }
    return int(Client().post(reverse("aftercare:hook-mail"), body, "application/json").status_code)


def test_a_signed_bounce_flags_the_address_a_forged_one_nothing(
    mailgun: Server, patient: Patient
) -> None:
    mailgun.answers = [(200, {"id": "<1@mailgun>", "message": "Queued"})]
    message = make.message(patient, NOW)
    post_by_api(NOW)
    event = {
        "event": "failed", "severity": "permanent", "recipient": "ines@example.org",
        "message": {"headers": {"message-id": "1@mailgun"}},
        "delivery-status": {"code": 550, "message": "no such user"},
    }  # fmt: skip
    assert hook(event, key="guessed") == 400
    assert state_of(message)[0] == "sent"
    assert hook(event) == 200
    assert state_of(message)[0] == "bounced"
    assert AddressProblem.objects.get().address == "ines@example.org"


def test_without_a_provider_there_is_no_hook() -> None:
    assert Client().post(reverse("aftercare:hook-mail")).status_code == 404
