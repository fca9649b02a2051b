"""A registry of readiness checks, so that /readyz can ask apps which `mesoclinic` may not import.

An app registers its check in `AppConfig.ready()`; `mesoclinic.health` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Health:
    """One answer: `ok` False makes the whole site "not ready"; `detail` is a short public text."""

    ok: bool
    detail: str = ""


Check = Callable[[datetime], Health]
"""Takes the present moment (aware UTC); may raise, which counts as not ready."""

_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add `check` under `name`, or replace the one of that name."""
    _checks[name] = check


def unregister(name: str) -> None:
    """Remove a check; harmless when there is none."""
    _checks.pop(name, None)


def checks() -> dict[str, Check]:
    """A copy of what is registered, by name."""
    return dict(_checks)
