"""The frame by keyboard and finger, on the page that shows every component."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from mesoclinic.clinic.access import Policy, access
from mesoclinic.styleguide import styleguide
from mesoclinic.urls import urlpatterns as product_urls
from tests.e2e.conftest import CheckAccessibility
from tests.factories.clinic import PASSWORD
from tests.personas import ayla, lices

_posts: list[str] = []


@access(Policy.SIGNED_IN)
def _slow_post(request: HttpRequest) -> HttpResponse:
    _posts.append(request.POST.get("name", ""))
    time.sleep(0.4)  # long enough for the second press of a double click
    return HttpResponse(
        "<!doctype html><html lang='en'><title>Saved</title><link rel='icon' href='data:,'>"
        "<h1>Saved</h1></html>"
    )


urlpatterns: list[Any] = [
    path("components/", styleguide),
    path("components/slow/", _slow_post),
    *product_urls,
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def signed_in(page: Page, live_server: LiveServer) -> Page:
    """Dr Ayla Kara looks at the components."""
    person = ayla(lices())
    page.goto(f"{live_server.url}/accounts/login/?next=/components/")
    page.get_by_label("Email").fill(person.staff.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/components/$"))
    return page


def test_the_components_are_accessible_on_desk_and_phone(
    signed_in: Page, check_accessibility: CheckAccessibility
) -> None:
    check_accessibility(signed_in)

    signed_in.set_viewport_size(PHONE)  # type: ignore[arg-type]
    check_accessibility(signed_in)
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_sign_in_page_is_accessible(
    page: Page, live_server: LiveServer, check_accessibility: CheckAccessibility
) -> None:
    page.goto(f"{live_server.url}/accounts/login/")

    check_accessibility(page)


def test_slash_goes_to_the_search_and_keys_can_be_switched_off(signed_in: Page) -> None:
    field = signed_in.get_by_role("combobox", name="Find a patient")
    signed_in.locator("h1").click()
    signed_in.keyboard.press("/")
    expect(field).to_be_focused()

    field.blur()
    signed_in.keyboard.press("?")
    dialog = signed_in.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    dialog.get_by_role("switch").uncheck()
    signed_in.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    signed_in.keyboard.press("/")
    expect(field).not_to_be_focused()


def test_a_form_that_came_back_puts_the_errors_first_and_leads_to_the_field(
    signed_in: Page,
) -> None:
    summary = signed_in.get_by_role("alert").filter(has_text="Please look at this again")
    expect(summary).to_be_focused()

    summary.get_by_role("link", name="E-mail").click()

    expect(signed_in.get_by_label("E-mail", exact=False).first).to_be_focused()


def test_a_form_is_sent_once_however_often_the_button_is_pressed(signed_in: Page) -> None:
    _posts.clear()
    signed_in.locator("form[data-warn-unsaved]").evaluate(
        "form => { form.action = '/components/slow/'; }"
    )
    signed_in.locator("#id_name").fill("Carvalho")
    expect(signed_in.get_by_text("Not saved yet")).to_be_visible()

    signed_in.get_by_role("button", name="Save").dblclick()

    expect(signed_in.get_by_role("heading", name="Saved")).to_be_visible()
    assert _posts == ["Carvalho"]


def test_leaving_with_changes_asks_first(signed_in: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    signed_in.on("dialog", stay)
    signed_in.locator("#id_name").click()
    signed_in.keyboard.type("x")

    signed_in.evaluate("location.assign('/accounts/2fa/')")
    signed_in.wait_for_timeout(300)

    assert asked == ["beforeunload"]
    expect(signed_in).to_have_url(re.compile("/components/$"))


def test_the_phone_has_a_bar_and_a_sheet_with_the_rest(signed_in: Page) -> None:
    signed_in.set_viewport_size(PHONE)  # type: ignore[arg-type]

    signed_in.get_by_role("button", name="More").click()

    sheet = signed_in.get_by_role("dialog", name="More")
    expect(sheet.get_by_role("link", name="Switch clinic")).to_be_visible()
    sheet.get_by_role("button", name="Close").click()
    expect(sheet).to_be_hidden()


def test_a_quiet_session_is_warned_and_can_be_kept(page: Page, live_server: LiveServer) -> None:
    page.clock.install()
    person = ayla(lices())
    page.goto(f"{live_server.url}/accounts/login/?next=/components/")
    page.get_by_label("Email").fill(person.staff.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/components/$"))
    notice = page.get_by_role("alertdialog", name="Still there?")
    expect(notice).to_be_hidden()

    page.clock.fast_forward(14 * 60 * 1000 + 5000)
    expect(notice).to_be_visible()
    notice.get_by_role("button", name="Stay signed in").click()
    expect(notice).to_be_hidden()

    with page.expect_request(re.compile(r"/accounts/login/\?next=%2Fcomponents%2F$")):
        page.clock.fast_forward(15 * 60 * 1000 + 5000)
