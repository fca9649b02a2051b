from __future__ import annotations

import time
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.common.ids import new_id, new_token, token_digest


def test_ids_are_version_7_of_the_right_variant() -> None:
    made = new_id()

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_ids_carry_the_millisecond_they_were_made_in() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000

    assert before <= made.int >> 80 <= after


@given(st.integers(min_value=0, max_value=2**47), st.integers(min_value=1, max_value=10**9))
def test_later_ids_sort_after_earlier_ones(start: int, later: int) -> None:
    with mock.patch("time.time_ns", side_effect=[start * 10**6, (start + later) * 10**6]):
        assert new_id() < new_id()


def test_ids_of_one_millisecond_differ() -> None:
    with mock.patch("time.time_ns", return_value=1_700_000_000_000_000_000):
        made = {new_id() for _ in range(1000)}

    assert len(made) == 1000


def test_tokens_hold_256_bits_and_never_repeat() -> None:
    tokens = {new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)


@given(st.text())
def test_a_digest_is_64_hex_digits_and_stable(token: str) -> None:
    digest = token_digest(token)

    assert len(digest) == 64
    assert int(digest, 16) >= 0
    assert digest == token_digest(token)


def test_the_digest_is_sha256() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    assert token_digest("abc") == expected
