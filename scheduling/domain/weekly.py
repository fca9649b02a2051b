"""A day's hours as people write them: "9:00-12:30, 14:00-18:00". Local wall-clock times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import time
from itertools import pairwise

Block = tuple[time, time]


class EndsFirst(ValueError):
    """A block that ends before it starts, or at once."""


class Overlap(ValueError):
    """Blocks of a day that overlap."""


_BLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2})?)?\s*(?:-|\u2013|to)\s*(\d{1,2})(?:[:.h](\d{2})?)?")


def parse_day(text: str) -> tuple[Block, ...]:
    """The blocks of a day in order; nothing for an empty text.

    Raises ``ValueError`` for what is no list of times; of that kind are ``EndsFirst`` for a block that
    ends before it starts, and ``Overlap``.
    """
    parts = [part.strip() for part in re.split(r"[,;]|\n", text) if part.strip()]
    blocks = sorted(_block(part) for part in parts)
    for before, after in pairwise(blocks):
        if after[0] < before[1]:
            raise Overlap(f"overlapping hours: {text}")
    return tuple(blocks)


def _block(text: str) -> Block:
    found = _BLOCK.fullmatch(text)
    if found is None:
        raise ValueError(f"no times: {text}")
    first, first_min, last, last_min = (int(part or 0) for part in found.groups())
    block = (time(first, first_min), time(last, last_min))
    if block[0] >= block[1]:
        raise EndsFirst(f"the end comes before the start: {text}")
    return block


def format_day(blocks: Iterable[Block]) -> str:
    """The blocks as `parse_day` reads them."""
    return ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in blocks)


def without(whole: Sequence[Block], taken: Sequence[Block]) -> tuple[Block, ...]:
    """The time of ``whole`` that is in no block of ``taken``; both in order and disjoint."""
    left: list[Block] = []
    for begin, end in whole:
        start = begin
        for first, last in taken:
            if last <= start or first >= end:
                continue
            if start < first:
                left.append((start, first))
            start = max(start, last)
        if start < end:
            left.append((start, end))
    return tuple(left)
