"""Browser journeys: Debian's Chromium driven by Playwright, with axe looking on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from mesoclinic.clinic.models import Membership
from tests.conftest import CHROMIUM, PROJECT
from tests.e2e import builders
from tests.e2e.builders import TUESDAY, Practice
from tests.personas import client_for

_AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
_RUN_AXE = """async (exclude) => {
  const found = await axe.run({exclude: exclude.map((selector) => [selector])}, {
    resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return found.violations.map((violation) => ({
    id: violation.id,
    impact: violation.impact,
    help: violation.help,
    nodes: violation.nodes.map((node) => node.target.join(" ") + " " + node.failureSummary),
  }));
}"""
_SERIOUS = {"serious", "critical"}

CheckAccessibility = Callable[..., None]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, quiet and without features that reach for the network."""
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture
def check_accessibility() -> CheckAccessibility:
    """`check_accessibility(page, exclude=(".ec",))`: fail on what axe calls serious or critical."""

    def check(page: Page, exclude: tuple[str, ...] = ()) -> None:
        # Debugger evaluation is not bound by the page's Content-Security-Policy.
        page.evaluate(_AXE.read_text())
        violations = page.evaluate(_RUN_AXE, list(exclude))
        serious = [v for v in violations if v["impact"] in _SERIOUS]
        report = "\n".join(
            f"{v['impact']} {v['id']}: {v['help']}\n    " + "\n    ".join(v["nodes"])
            for v in serious
        )
        assert not serious, f"axe found on {page.url}:\n{report}"

    return check


@pytest.fixture(autouse=True)
def _no_console_errors(request: pytest.FixtureRequest) -> Any:
    """A page that logs an error (a blocked script, a missing file) fails the journey.

    Mark a test with `allow_console_errors` where errors are what it is about.
    """
    if "page" not in request.fixturenames or request.node.get_closest_marker(
        "allow_console_errors"
    ):
        yield
        return
    page: Page = request.getfixturevalue("page")
    errors: list[str] = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield
    assert not errors, f"the browser's console says: {errors}"


PATIENCE_MS = 15_000


class Clock:
    """The server's clock, which goes on from wherever it is set."""

    def __init__(self, traveller: Any) -> None:
        self._traveller = traveller

    def set(self, moment: dt.datetime) -> dt.datetime:
        """It is this moment now."""
        self._traveller.move_to(moment)
        return moment


@pytest.fixture
def clock() -> Iterator[Clock]:
    """It is Tuesday 10 March 2026, ten in the morning in Rennes. Not patients', the server's."""
    with time_machine.travel(TUESDAY, tick=True) as traveller:
        yield Clock(traveller)


@pytest.fixture
def lices(live_server: LiveServer, clock: Clock) -> Practice:
    """The Clinique des Lices, this Tuesday at ten, ready to work."""
    return builders.practice(live_server.url)


class Journey:
    """Browsers of staff and patients, and what every page they pass must keep.

    `see(page, name)` checks accessibility, that nothing scrolls sideways (on a phone too), and
    takes a picture when the run asks for them (`--screenshot on`, into `--output`).
    """

    DESK = {"width": 1280, "height": 900}
    PHONE = {"width": 360, "height": 780}

    def __init__(
        self,
        live_server: LiveServer,
        new_context: Callable[..., BrowserContext],
        check_accessibility: CheckAccessibility,
        pictures: Path | None,
    ) -> None:
        self.url = live_server.url
        self.errors: list[str] = []
        self.may_answer: set[int] = set()
        self._new_context, self._check, self._pictures = new_context, check_accessibility, pictures
        self._taken = 0

    def staff(self, member: Membership, path: str = "/", **viewport: int) -> Page:
        """Somebody of the staff, signed in, on a desk's screen."""
        page = self._open({**self.DESK, **viewport})
        self.sign_in(page, member)
        page.goto(self.url + path)
        return page

    def phone(self, address: str | None = None) -> Page:
        """A patient's phone, without an account."""
        page = self._open(self.PHONE, has_touch=True, is_mobile=True)
        if address is not None:
            page.goto(address)
        return page

    def sign_in(self, page: Page, member: Membership) -> None:
        """Put a fresh session into the browser: the old one ends when the clock jumps."""
        name = django_settings.SESSION_COOKIE_NAME
        value = client_for(member).cookies[name].value
        page.context.add_cookies([{"name": name, "value": value, "url": self.url}])

    def see(self, page: Page, name: str, exclude: tuple[str, ...] = ()) -> None:
        """This page is fit to be seen by everybody, wide and narrow."""
        expect(page, f"{page.url} has no title").to_have_title(re.compile(r"\w"))
        assert page.locator("[data-error-summary]").count() <= 1, "the mistakes are listed twice"
        self._check(page, exclude)
        size = page.viewport_size
        self._narrow_enough(page)
        self._take(page, name)
        if size and size["width"] > self.PHONE["width"]:
            page.set_viewport_size(self.PHONE)  # type: ignore[arg-type]
            self._narrow_enough(page)
            self._take(page, name)
            page.set_viewport_size(size)

    def _open(self, viewport: dict[str, int], **options: Any) -> Page:
        context = self._new_context(viewport=viewport, locale="en-GB", **options)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "error" or _OUTRUN.search(message.text):
            return
        status = re.search(r"responded with a status of (\d+)", message.text)
        if status is None or int(status[1]) not in self.may_answer:
            self.errors.append(f"{message.location.get('url')}: {message.text}")

    def _narrow_enough(self, page: Page) -> None:
        width = page.viewport_size["width"] if page.viewport_size else 0
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            culprits = page.evaluate(_TOO_WIDE, width)
            pytest.fail(f"{page.url} scrolls sideways: {wide} > {width}: {culprits}")

    def _take(self, page: Page, name: str) -> None:
        if self._pictures is None or page.viewport_size is None:
            return
        self._taken += 1
        file = f"{self._taken:02d}-{name}-{page.viewport_size['width']}.png"
        page.screenshot(path=self._pictures / file, full_page=True)


# What htmx says when a newer request outruns one that is under way.
_OUTRUN = re.compile(r"^htmx:(sendAbort|afterRequest),")
_TOO_WIDE = """(width) => [...document.querySelectorAll("main *, header *, footer *")]
  .filter((one) => one.getBoundingClientRect().right > width + 1)
  .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture
def journey(
    live_server: LiveServer,
    new_context: Callable[..., BrowserContext],
    check_accessibility: CheckAccessibility,
    request: pytest.FixtureRequest,
) -> Iterator[Journey]:
    """Browsers for a journey; it fails when one of their consoles reports an error."""
    pictures = None
    if request.config.getoption("--screenshot") == "on":
        pictures = Path(request.config.getoption("--output")) / request.node.originalname
        pictures.mkdir(parents=True, exist_ok=True)
    made = Journey(live_server, new_context, check_accessibility, pictures)
    yield made
    assert not made.errors, f"the browser's console says: {made.errors}"
