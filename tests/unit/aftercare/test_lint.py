"""Nothing about health where strangers can read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aftercare.domain import lint

DATA = Path(__file__).resolve().parents[3] / "aftercare" / "data"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("After your mesotherapy session", ("mesotherapy",)),
        ("Your MÉLASMA, three days later", ("melasma",)),
        ("Pregnant? Tell us", ("pregnant",)),
        ("About your scars", ("scars",)),
        ("New escarpins in the shop", ()),
        ("Your visit on {{ visit_date }}", ()),
        ("{{ melasma }}", ()),
        ("Traitement des vergetures", ("vergetures",)),
    ],
)
def test_words_of_health_are_found_from_their_beginning_and_said_whole(
    text: str, found: tuple[str, ...]
) -> None:
    assert lint.health_words(text) == found


def test_the_clinics_own_treatments_count_too() -> None:
    assert lint.health_words("Your Dark Circles", ["Dark circles", "Q10"]) == ("dark circles",)
    assert lint.health_words("A Q10 offer", ["Q10"]) == ()  # too short to tell from other words


def test_an_address_with_a_variable_is_found() -> None:
    body = "See https://x.example/{{ patient_name }} and https://x.example/map"
    assert lint.loose_links(body) == ("https://x.example/{{",)
    assert len(lint.links_in(body)) == 2


def test_the_defaults_say_nothing_where_strangers_read() -> None:
    for row in json.loads((DATA / "templates.json").read_text("utf-8")):
        for field in ("subject", "preheader", "short_text"):
            assert lint.health_words(row.get(field, "")) == (), (row["key"], row["language"], field)
        assert lint.loose_links(row["body"]) == ()
