"""A visit that begins late or runs over pushes those after it: as little as can be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

STEP = timedelta(minutes=5)
"""Pushed visits begin at whole steps after their old start."""


@dataclass(frozen=True, slots=True, order=True)
class Spell:
    """A visit of a practitioner's day: ``[start, end)`` with the buffers around it."""

    start: datetime
    end: datetime
    id: UUID
    before: timedelta = timedelta()
    after: timedelta = timedelta()


def push(changed: Spell, others: Iterable[Spell]) -> list[Spell]:
    """The visits that must move when one has become ``changed``, at their new times, in order.

    Only visits that begin at or after the changed one move, only later, none more than it must,
    and their order stays. The first gap that is wide enough ends it.
    """
    moved: list[Spell] = []
    free_from = changed.end + changed.after
    for spell in sorted(others):
        if spell.id == changed.id or spell.end <= changed.start:
            continue
        late = free_from - (spell.start - spell.before)
        if late <= timedelta():
            break
        shift = -(-late // STEP) * STEP
        there = replace(spell, start=spell.start + shift, end=spell.end + shift)
        moved.append(there)
        free_from = there.end + there.after
    return moved
