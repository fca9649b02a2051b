"""Whoever tries MesoClinic reads the mail it sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from playwright.sync_api import Page, expect

from mesoclinic.devmail import maildir
from tests import devurls
from tests.e2e.conftest import CheckAccessibility

pytestmark = [
    pytest.mark.urls(devurls.__name__),
    pytest.mark.django_db(transaction=True),
]


@pytest.mark.parametrize("width", [360, 1280])
def test_read_a_mail(
    page: Page,
    live_server: Any,
    settings: Any,
    tmp_path: Path,
    check_accessibility: CheckAccessibility,
    width: int,
) -> None:
    # Given an inbox that is still empty
    settings.MAIL_INBOX_DIR = str(tmp_path / "mail")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}/dev/mail/")
    expect(page.get_by_text("No mail here")).to_be_visible()

    # When a mail arrives
    mail = EmailMultiAlternatives("Your visit", "Hello", "c@example.com", ["ines@example.com"])
    mail.attach_alternative('<h1 style="color: teal">Olá Inês</h1>', "text/html")
    mail.attach("visit.ics", "BEGIN:VCALENDAR", "text/calendar")
    maildir._open(tmp_path / "mail").add(mail.message().as_bytes())

    # Then it appears by itself, can be opened, and its file can be had
    page.get_by_role("link", name="Your visit").click(timeout=15_000)
    body = page.frame_locator("iframe").get_by_role("heading", name="Olá Inês")
    expect(body).to_have_css("color", "rgb(0, 128, 128)")
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    with page.expect_download() as download:
        page.get_by_role("link", name="visit.ics").click()
    assert download.value.path().read_text() == "BEGIN:VCALENDAR"

    # And all can be thrown away
    page.get_by_role("link", name="Mail inbox").click()
    check_accessibility(page)
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_text("No mail here")).to_be_visible()
