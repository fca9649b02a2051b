"""Whom a programme step is for: what is treated, how, when in the course, when in the year. Pure.

Every kind that a condition names must fit; of one kind any value will do. A step without
conditions is for everybody. Source: docs/clinical-defaults.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

KINDS = (
    "techniques", "areas", "ingredients", "indications", "flags", "seasons", "languages"
)  # fmt: skip
"""What a condition may speak of, in the order in which people read it."""

DEEP = "deep"
"""Stands for every technique that breaks the skin deeply, however the clinic calls it."""


class Which(StrEnum):
    """Which sessions of a course a step is for."""

    ANY = "any"
    FIRST = "first"
    LATER = "later"


class Season(StrEnum):
    """Three months each, meteorological; which months depends on the clinic's hemisphere."""

    WINTER = "winter"
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"


@dataclass(frozen=True)
class Conditions:
    """Wanted keys by kind. Raises ValueError for a kind that is not in `KINDS`."""

    wanted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    which: Which = Which.ANY

    def __post_init__(self) -> None:
        """A kind that nobody knows would make the step silent for ever."""
        if unknown := self.wanted.keys() - set(KINDS):
            raise ValueError(f"unknown kind: {', '.join(sorted(unknown))}")

    @property
    def is_open(self) -> bool:
        """Whether the step is for everybody."""
        return not self.kinds

    @property
    def kinds(self) -> frozenset[str]:
        """What has to be known to answer; "which" stands for the number of the session."""
        named = {kind for kind, keys in self.wanted.items() if keys}
        return frozenset(named if self.which is Which.ANY else named | {"which"})


@dataclass(frozen=True)
class Circumstances:
    """What is true of one subject: its keys by kind, and the number of its session if it has one."""

    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    session_number: int | None = None


def conditions_of(spec: Mapping[str, Any], which: str = Which.ANY) -> Conditions:
    """Read the stored form, `{"techniques": ["nappage"], …}`. Raises ValueError for nonsense."""
    wanted = {}
    for kind, keys in spec.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise ValueError(f"{kind} must be a list of keys")
        if keys:
            wanted[kind] = frozenset(keys)
    return Conditions(wanted, Which(which))


def fits(conditions: Conditions, about: Circumstances) -> bool:
    """Whether a step with these conditions is for a subject in these circumstances."""
    if conditions.which is Which.FIRST and about.session_number != 1:
        return False
    if conditions.which is Which.LATER and (about.session_number or 0) < 2:
        return False
    return all(
        not keys.isdisjoint(about.known.get(kind, frozenset()))
        for kind, keys in conditions.wanted.items()
        if keys
    )


def season_of(day: date, *, northern: bool) -> Season:
    """The season on a local day: December to February is winter in the north, summer in the south."""
    quarter = day.month % 12 // 3
    return list(Season)[quarter if northern else (quarter + 2) % 4]
