"""How a property is tried, and how grave a judgement is: written out once more, apart from the engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patients.domain.screening import (
    ScreeningResult,
)

# The slow run: SCREENING_EXAMPLES=100000, see `make test-slow`. SCREENING_FIXED=1 draws the same
# worlds every time (mutation testing).
FIXED = bool(os.environ.get("SCREENING_FIXED"))
EXAMPLES = int(os.environ.get("SCREENING_EXAMPLES", "60"))
SEVERITIES = ("note", "caution", "absolute")
OUTCOMES = ("cleared", "review", "deferred", "contraindicated")
PLACES = (((), ()), (("allergen:fish",), ()), (("allergen:egg",), ("face",)), ((), ("scalp",)))


@dataclass(frozen=True)
class Property:
    """One statement: `check` raises AssertionError where it does not hold."""

    check: Callable[..., None]
    strategies: tuple[st.SearchStrategy[Any], ...]

    @property
    def name(self) -> str:
        return self.check.__name__

    def run(self, examples: int = EXAMPLES, *, shrink: bool = True) -> None:
        """Try it on `examples` random worlds; the same ones every time unless it may `shrink`."""
        test = given(*self.strategies)(self.check)
        settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=FIXED or not shrink,
            phases=[Phase.generate, *([Phase.shrink] if shrink and not FIXED else [])],
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow],
        )(test)()


def holding(result: ScreeningResult) -> list[Any]:
    day = result.evaluated_on
    return [one for one in result.findings if one.until is None or day < one.until]


def weight(result: ScreeningResult) -> int:
    """How grave what was found is, as if nothing were missing: a place in OUTCOMES."""
    found = holding(result)
    general = {
        "caution" if one.areas or one.ingredient_tags else one.severity.value
        for one in found
        if one.severity.value == "absolute"
    } | {one.severity.value for one in found if one.severity.value != "absolute"}
    if "absolute" in general:
        return OUTCOMES.index("contraindicated")
    if any(one.defers and one.until is not None for one in found):
        return OUTCOMES.index("deferred")
    return OUTCOMES.index("review" if "caution" in general else "cleared")


def rank(result: ScreeningResult) -> int:
    """The outcome itself; incomplete ranks with review."""
    incomplete = result.outcome.value == "incomplete"
    return OUTCOMES.index("review" if incomplete else result.outcome.value)


def local(result: ScreeningResult) -> list[int]:
    """The gravest severity at a few places and for a few ingredients, -1 for none."""
    found = [result.severity_for(tags, areas) for tags, areas in PLACES]
    return [-1 if one is None else SEVERITIES.index(one.value) for one in found]


def assert_not_milder(after: ScreeningResult, before: ScreeningResult) -> None:
    """`after` is as grave as `before`: in general, and at every place."""
    assert weight(after) >= weight(before)
    assert all(new >= old for new, old in zip(local(after), local(before), strict=True))
    # The outcome follows from what was found, unless a required answer is missing.
    assert weight(after) == rank(after) or after.missing
