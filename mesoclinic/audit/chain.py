"""The arithmetic of the hash chain: plain Python, no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

DIGEST_SIZE = 32
GENESIS = bytes(DIGEST_SIZE)
COLUMNS = (
    "id",
    "clinic_id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "action",
    "model",
    "object_id",
    "patients",
    "fields",
    "reason",
    "request_id",
)


@dataclass(frozen=True)
class Link:
    """What one seal says: its place in the chain, and the digest of each entry it covers.

    It covers every entry of the clinic after the seal before it and up to the id `up_to`.
    """

    clinic_id: UUID | None
    number: int
    entry_ids: tuple[int, ...]
    entry_digests: bytes
    previous: bytes
    up_to: int

    def digest(self) -> bytes:
        """SHA-256 over everything above: changes when anything sealed before it does."""
        head = json.dumps(
            [str(self.clinic_id or ""), self.number, list(self.entry_ids), self.up_to],
            separators=(",", ":"),
        )
        return hashlib.sha256(self.previous + head.encode() + self.entry_digests).digest()

    def recorded(self, position: int) -> bytes:
        """The digest kept for the entry at `position`."""
        start = position * DIGEST_SIZE
        return self.entry_digests[start : start + DIGEST_SIZE]


def entry_digest(row: Sequence[Any]) -> bytes:
    """SHA-256 of one entry given as the values of COLUMNS in their order.

    JSON of the values, so that no two different rows write the same text; times in UTC to the
    microsecond, because a database may hand them back in another zone.
    """
    text = json.dumps([_plain(value) for value in row], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class Place:
    """Where in which chain the next link goes."""

    clinic_id: UUID | None
    number: int
    previous: bytes
    up_to: int


def link(place: Place, rows: Iterable[Sequence[Any]]) -> Link:
    """The link at `place` over `rows` (in order of id)."""
    kept = list(rows)
    return Link(
        clinic_id=place.clinic_id,
        number=place.number,
        entry_ids=tuple(int(row[0]) for row in kept),
        entry_digests=b"".join(entry_digest(row) for row in kept),
        previous=place.previous,
        up_to=place.up_to,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
