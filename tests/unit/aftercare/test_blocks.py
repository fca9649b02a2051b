"""A template's text as a patient reads it: plain, and as HTML that can't be broken into."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from aftercare.services.blocks import as_html, as_text, blocks_of

BODY = """# Dear Inês, it is booked

• Tuesday 24 November 2026, 10:00
• Monday 4 January 2027, 17:30

Please answer.
Answer the questions: https://lices.example/p/abc/screening/

- No alcohol.
- Come without make-up.

! Trouble breathing? Call 15 at once.

Call us
or write.
"""


def test_the_plain_text_has_no_marks_and_its_link_on_a_line() -> None:
    text = as_text(blocks_of(BODY))
    assert text.startswith("Dear Inês, it is booked\n\n• Tuesday")
    assert "Answer the questions\nhttps://lices.example/p/abc/screening/\n" in text
    assert "\n\nTrouble breathing? Call 15 at once.\n" in text
    assert "# " not in text
    assert "! " not in text
    assert text.endswith("Call us\nor write.\n")


def test_each_block_has_its_shape() -> None:
    html = as_html(blocks_of(BODY))
    assert ">Dear Inês, it is booked</h1>" in html
    assert html.count("<tr><td") == 3  # two visits, one button
    assert ">10:00</td>" in html
    assert html.count("<li") == 2
    assert '<a href="https://lices.example/p/abc/screening/"' in html
    assert "Please answer.</p>" in html
    assert "#fde8e6" in html
    assert "Call us<br>or write.</p>" in html


def test_only_the_first_button_of_a_mail_is_filled() -> None:
    text = "Come.\nI come: https://a.example\n\nOr not.\nMove: https://b.example\nOff: https://c.example"
    grounds = re.findall(r'bgcolor="([^"]+)"', as_html(blocks_of(text), "#0e6f6d"))
    assert grounds == ["#0e6f6d", "#ffffff", "#ffffff"]
    assert "color:#0e6f6d;display:inline-block" in as_html(blocks_of(text), "#0e6f6d")


def test_a_mark_never_begins_a_line_in_french() -> None:
    assert as_text(blocks_of("Une question ? Appelez")) == "Une question\u00a0? Appelez\n"


def test_only_a_whole_line_becomes_a_button() -> None:
    for line in (
        "See https://example.org", "A: javascript:alert(1)", "A: https://x.org and more",
        f"{'x' * 61}: https://x.org",
    ):  # fmt: skip
        assert "<a " not in as_html(blocks_of(line))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_nothing_in_a_text_becomes_markup(text: str) -> None:
    html = as_html(blocks_of(text))
    tags = {tag.lower() for tag in re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", html)}
    assert tags <= {"p", "h1", "ul", "li", "table", "tr", "td", "a", "br"}
    assert "<script" not in html.lower()


@given(st.text("ab \n-#!•:?", max_size=80))
def test_every_word_of_a_text_is_in_both_twins(text: str) -> None:
    words = re.findall(r"[ab]+", text)
    for twin in (as_text(blocks_of(text)), as_html(blocks_of(text))):
        bare = re.sub(r"<[^>]*>", " ", twin)
        assert re.findall(r"[ab]+", bare) == words
