"""Identifiers and secrets."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid

_RANDOM_BITS = 74


def new_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits.

    Rows inserted together lie together in their index, and an id can't be guessed.
    """
    milliseconds = time.time_ns() // 1_000_000
    tail = secrets.randbits(_RANDOM_BITS)
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= (tail >> 62) << 64
    value |= 0b10 << 62
    value |= tail & (2**62 - 1)
    return uuid.UUID(int=value)


def new_token() -> str:
    """A secret of 256 random bits, 43 URL-safe characters. Show or mail it once; store its digest."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """SHA-256 of a token, 64 hex digits.

    No salt and no slow hash: the token itself holds 256 bits, so a digest that leaks can't be
    searched, and a lookup stays one indexed comparison.
    """
    return hashlib.sha256(token.encode()).hexdigest()
