"""House rules for templates, style sheets and scripts that the strict content policy relies on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

PROJECT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))

_FORBIDDEN = {
    "inline style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "style element": re.compile(r"<style\b", re.I),
    "inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "htmx handler": re.compile(r"\shx-on\b", re.I),
    "script without src": re.compile(
        r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.I
    ),
    "address of another host": re.compile(r"(?:src|href)=[\"'](?:https?:)?//", re.I),
    "unescaped value": re.compile(r"\|\s*safe\b"),
}
_MAILS = re.compile(r"templates/[a-z]+/(?:mail|email)s?/")


def _page(path: Path) -> bool:
    return not _MAILS.search(str(path.relative_to(PROJECT)))


@pytest.mark.parametrize("path", [p for p in TEMPLATES if _page(p)], ids=lambda p: p.name)
def test_a_template_holds_nothing_the_content_policy_refuses(path: Path) -> None:
    text = path.read_text()

    found = {
        name: match.group() for name, rule in _FORBIDDEN.items() if (match := rule.search(text))
    }

    assert not found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_every_static_file_a_template_names_exists(path: Path) -> None:
    names = re.findall(r"{%\s*static\s+[\"']([^\"']+)[\"']", path.read_text())

    assert [name for name in names if not finders.find(name)] == []


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _tokens() -> dict[str, str]:
    text = (PROJECT / "static" / "css" / "tokens.css").read_text()
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})", text, re.I))


@pytest.mark.parametrize("ground", ["surface", "page", "surface-2"])
@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "accent", "accent-strong"])
def test_words_can_be_read(ink: str, ground: str) -> None:
    tokens = _tokens()

    assert _contrast(tokens[ink], tokens[ground]) >= 4.5


@pytest.mark.parametrize("state", ["ok", "warn", "stop", "info", "waiting", "neutral"])
def test_a_state_can_be_read_on_white_and_on_its_ground(state: str) -> None:
    tokens = _tokens()

    assert _contrast(tokens[state], tokens["surface"]) >= 4.5
    assert _contrast(tokens[state], tokens[f"{state}-soft"]) >= 4.5


def test_the_edge_of_a_field_can_be_seen() -> None:
    tokens = _tokens()

    assert _contrast(tokens["line-field"], tokens["surface"]) >= 3
