"""Fixtures every test may use. Services are started by `tests/settings.py`."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from tests import database, network
from tests.mailsink import MailSink

PROJECT = Path(__file__).resolve().parent.parent
# The shell has no windows and takes half the processor time of the whole browser.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))),
    None,
)
HOW_TO_GET_CHROMIUM = (
    "browser journeys need Chromium: `sudo apt-get install chromium`, then `make test` again"
)
NO_SPAMASSASSIN = "default mails were not scored (apt-get install spamassassin)"
NO_SAMPLES = "sample FHIR bundles not found: set MESOCLINIC_FHIR_SAMPLES to their folder"
_USES_DATABASE = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}

network.block()

# Times are never asserted: a busy machine is no fault of the rules.
settings.register_profile(
    "house", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    # Playwright runs an event loop in the test's thread; Django would refuse the ORM there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark browser journeys; order the tests so that many workers seldom wait for one another."""
    _mark_journeys(items)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = _ordered(items, first=len(items) // (4 * workers))


def pytest_collection_finish() -> None:
    """What is loaded by now stays; the collector of garbage need not look at it again and again."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _ordered(items: list[pytest.Item], *, first: int) -> list[pytest.Item]:
    """The order for several workers, each of whom begins with `first` tests in a row.

    The first of them migrates; the others need no database yet.
    """
    parts: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        parts[(PROJECT / "tests" / "unit") in item.path.parents].append(item)
    return [*parts[False][:first], *parts[True], *parts[False][first:]]


def _mark_journeys(items: list[pytest.Item]) -> None:
    """Skip journeys where there is no Chromium (never in CI)."""
    for item in items:
        if (PROJECT / "tests" / "e2e") in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if CHROMIUM is None and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason=HOW_TO_GET_CHROMIUM))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say once, visibly, why tests were skipped for want of something installable."""
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    }
    for reason in sorted(reasons & {HOW_TO_GET_CHROMIUM, NO_SAMPLES, NO_SPAMASSASSIN}):
        terminalreporter.write_line(f"SKIPPED: {reason}", yellow=True)


@pytest.fixture(scope="session")
def _run_of_many(request: pytest.FixtureRequest, django_db_keepdb: bool) -> str:
    """The word that the workers of this run share; empty where one process works alone."""
    return (
        "" if django_db_keepdb else getattr(request.config, "workerinput", {}).get("testrunuid", "")
    )


@pytest.fixture(scope="session")
def _migrating(
    _run_of_many: str, django_db_modify_db_settings: None, django_db_blocker: Any
) -> ExitStack:
    """Only one worker migrates; to be closed as soon as the database is there."""
    stack = ExitStack()
    if _run_of_many:
        with django_db_blocker.unblock():
            stack.enter_context(database.migrated_once(_run_of_many))
    return stack


@pytest.fixture(scope="session")
def django_db_setup(
    _run_of_many: str, _migrating: ExitStack, django_db_setup: None, django_db_blocker: Any
) -> Iterator[None]:
    """The test database, which transactional tests leave empty in our own way."""
    with django_db_blocker.unblock():
        _migrating.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: database.empty())
        yield
    with django_db_blocker.unblock():
        database.close_strays()
        if _run_of_many:
            database.forget(_run_of_many)


@pytest.fixture(autouse=True)
def _clean_cache(request: pytest.FixtureRequest) -> None:
    """Sessions, throttles and heartbeats of one test must not reach the next."""
    if _USES_DATABASE & set(request.fixturenames) or request.node.get_closest_marker("django_db"):
        cache.clear()


@pytest.fixture
def mail_sink(settings: Any) -> Iterator[MailSink]:
    """A real SMTP server on loopback which keeps what it gets; Django sends to it."""
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = sink.address
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield sink


@pytest.fixture(scope="session")
def fhir_samples() -> list[Path]:
    """The sample FHIR bundles, sorted by name; skips the test where there are none."""
    folder = Path(
        os.environ.get("MESOCLINIC_FHIR_SAMPLES") or PROJECT.parent / "shared" / "fhir-samples"
    )
    bundles = sorted(folder.glob("*.json"))
    if not bundles:
        pytest.skip(NO_SAMPLES)
    return bundles
