from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.clinic.names import initials_of


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
