"""The consent text, taken apart for page and PDF."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from treatments.domain.paper import read_paper

TEXT = """Consent to treatment at Lices

Patient: Inês
Record number: 7

What is injected
- Zinc, 1 ml
- Biotin, 2 ml
Nothing else.
"""


def test_title_facts_headings_and_lists_are_told_apart() -> None:
    title, facts, injected = read_paper(TEXT)
    assert (title.heading, title.parts) == ("Consent to treatment at Lices", ())
    assert (facts.heading, facts.parts[0].lines) == ("", ("Patient: Inês", "Record number: 7"))
    assert injected.heading == "What is injected"
    assert [(part.is_list, part.lines) for part in injected.parts] == [
        (True, ("Zinc, 1 ml", "Biotin, 2 ml")),
        (False, ("Nothing else.",)),
    ]


@given(st.text(alphabet="ab:- \n", max_size=60))
def test_no_word_of_the_text_is_lost(text: str) -> None:
    told = [
        line
        for one in read_paper(text)
        for line in (one.heading, *(line for part in one.parts for line in part.lines))
    ]
    for word in text.replace("-", " ").split():
        assert any(word in line.replace("-", " ").split() for line in told)
