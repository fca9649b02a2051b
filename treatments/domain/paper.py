"""A consent text taken apart for a page or a PDF: plain text in, headings and lines out.

Paragraphs are parted by empty lines. The first of all is the title. A paragraph of several lines
whose first line has no colon begins with its heading; "- " begins a point of a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

_DASH = "- "


@dataclass(frozen=True)
class Part:
    """Lines of one kind: each a paragraph of its own, or all of them points of one list."""

    is_list: bool
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Paragraph:
    """`heading` may be empty; the title has nothing but its heading."""

    heading: str
    parts: tuple[Part, ...] = ()


def read_paper(text: str) -> tuple[Paragraph, ...]:
    """The paragraphs in their order; nothing of the text is left out but dashes and empty lines."""
    return tuple(_paragraphs(text))


def _paragraphs(text: str) -> Iterator[Paragraph]:
    is_title = True
    for block in text.strip().split("\n\n"):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        if not lines:
            continue
        headed = is_title or (len(lines) > 1 and ":" not in lines[0] and lines[0][:2] != _DASH)
        is_title = False
        heading = lines.pop(0) if headed else ""
        yield Paragraph(heading, tuple(_parts(lines)))


def _parts(lines: list[str]) -> Iterator[Part]:
    for is_list, group in groupby(lines, key=lambda line: line.startswith(_DASH)):
        yield Part(is_list, tuple(line.removeprefix(_DASH) if is_list else line for line in group))
