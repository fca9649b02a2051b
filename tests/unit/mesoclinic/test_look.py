"""The look holds together: static files that templates name exist, and words can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

PROJECT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))


def test_every_static_file_a_template_names_exists() -> None:
    named = {
        name: path.name
        for path in TEMPLATES
        for name in re.findall(r"{%\s*static\s+[\"']([^\"']+)[\"']", path.read_text())
    }

    assert "css/tokens.css" in named
    assert {name: page for name, page in named.items() if not finders.find(name)} == {}


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
