"""The local mail inbox: what the mail server caught can be read, and can do no harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import Resolver404, resolve

from mesoclinic.devmail import maildir
from tests import devurls

# Named by the imported module: `mesoclinic.urls` must be read before a test sets MAIL_INBOX_DIR.
pytestmark = [pytest.mark.urls(devurls.__name__), pytest.mark.django_db]


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MAIL_INBOX_DIR = str(tmp_path / "mail")
    return tmp_path / "mail"


def _deliver(folder: Path, subject: str = "Your visit", *, to: str = "ines@example.com") -> str:
    mail = EmailMultiAlternatives(
        subject, "Hello https://example.com/p/abc/", "c@example.com", [to]
    )
    mail.attach_alternative("<p>Olá</p><script>alert(1)</script>", "text/html")
    mail.attach("visit.ics", "BEGIN:VCALENDAR", "text/calendar")
    return maildir._open(folder).add(mail.message().as_bytes())


def test_lists_newest_first_and_searches(client: Client, folder: Path) -> None:
    _deliver(folder, "First")
    _deliver(folder, "Zweite Grüße", to="johann@example.com")

    page = client.get("/dev/mail/").content.decode()
    assert page.index("Zweite Grüße") < page.index("First")
    found = client.get("/dev/mail/?q=johann").content.decode()
    assert "Zweite Grüße" in found
    assert "First" not in found
    assert "No mail here" in client.get("/dev/mail/?q=nobody").content.decode()


def test_opens_a_message_with_its_parts(client: Client, folder: Path) -> None:
    key = _deliver(folder)

    page = client.get(f"/dev/mail/{key}/").content.decode()
    assert "visit.ics" in page
    assert "https://example.com/p/abc/" in page
    download = client.get(f"/dev/mail/{key}/attachments/0/")
    assert download.content == b"BEGIN:VCALENDAR"
    assert download["Content-Disposition"] == 'attachment; filename="visit.ics"'
    assert client.get(f"/dev/mail/{key}/raw/").content.startswith(b"Content-Type: multipart/mixed")


def test_html_is_shown_sandboxed(client: Client, folder: Path) -> None:
    body = client.get(f"/dev/mail/{_deliver(folder)}/body/")

    assert "Olá" in body.content.decode()
    csp = body["Content-Security-Policy"]
    assert csp.startswith("sandbox ")
    assert "default-src 'none'" in csp
    assert "allow-scripts" not in csp
    assert body["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("key", ["..", "nothing", "%2e%2e%2fsecret_key", "new"])
def test_unknown_message_is_404(client: Client, folder: Path, key: str) -> None:
    _deliver(folder)
    assert client.get(f"/dev/mail/{key}/").status_code == 404
    assert client.get(f"/dev/mail/{key}/attachments/0/").status_code == 404


def test_missing_attachment_is_404(client: Client, folder: Path) -> None:
    assert client.get(f"/dev/mail/{_deliver(folder)}/attachments/7/").status_code == 404


def test_delete_all(client: Client, folder: Path) -> None:
    _deliver(folder)

    assert client.get("/dev/mail/clear/").status_code == 405
    assert client.post("/dev/mail/clear/").status_code == 302
    assert maildir.newest(folder) == []


def test_empty_inbox_before_the_first_mail(client: Client, folder: Path) -> None:
    assert client.get("/dev/mail/?page=x").status_code == 200
    assert maildir.clear(folder) == 0


def test_pages_of_fifty(client: Client, folder: Path) -> None:
    for number in range(51):
        _deliver(folder, f"Mail {number:02}")

    first, second = client.get("/dev/mail/"), client.get("/dev/mail/?page=2")
    assert "page=2" in first.content.decode()
    assert "Mail 00" in second.content.decode()
    assert "Mail 50" in first.content.decode()


@pytest.mark.urls("mesoclinic.urls")
@pytest.mark.parametrize("path", ["/dev/mail/", "/dev/components/"])
def test_not_routed_on_a_server(path: str) -> None:
    with pytest.raises(Resolver404):
        resolve(path)
