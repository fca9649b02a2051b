"""Browser journeys: Debian's Chromium driven by Playwright, with axe looking on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import CHROMIUM, PROJECT

_AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
_RUN_AXE = """async (exclude) => {
  const found = await axe.run({exclude: exclude.map((selector) => [selector])}, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
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
