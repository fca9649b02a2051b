"""A record as a document: sections, entries, lines. Pure; pages, PDF and tests read the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One statement: what it is about, and what is said. `text` may hold line breaks."""

    label: str
    text: str


@dataclass(frozen=True)
class Entry:
    """One thing with its statements, such as one session. `when` is written out, "" for none."""

    lines: tuple[Line, ...]
    when: str = ""


@dataclass(frozen=True)
class Section:
    """All entries of one kind."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Dossier:
    """Everything held about one person, in the order in which people read it."""

    title: str
    subtitle: str
    intro: tuple[str, ...]
    sections: tuple[Section, ...]
