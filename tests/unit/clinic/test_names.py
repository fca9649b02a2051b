from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.clinic.names import initials_of, readable_phone


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ayla Kara", "AK"),
        ("Ayla Nur Kara", "AK"),
        ("Zita", "Z"),
        ("élodie d'Arc", "ÉD"),
        ("  (Max)  Okafor ", "O"),
        ("", "?"),
        ("— —", "?"),
    ],
)
def test_initials(name: str, expected: str) -> None:
    assert initials_of(name) == expected


@given(st.text())
def test_initials_are_never_empty(name: str) -> None:
    assert initials_of(name)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+33639981234", "+33 6 39 98 12 34"),
        ("+61255500134", "+61 2 5550 0134"),
        ("", ""),
        ("12", "12"),
    ],
)
def test_phone_numbers_are_shown_as_people_write_them(stored: str, shown: str) -> None:
    assert readable_phone(stored) == shown
