from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.audit.chain import COLUMNS, GENESIS, Link, Place, entry_digest, link

CLINIC = UUID("01890000-0000-7000-8000-000000000001")
AT = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)


def row(number: int = 1, **changes: object) -> tuple[object, ...]:
    values: dict[str, object] = {
        "id": number,
        "clinic_id": CLINIC,
        "at": AT,
        "actor_kind": "staff",
        "actor_id": "7",
        "actor_label": "Dr Ayla Kara",
        "action": "read",
        "model": "patients.patient",
        "object_id": "",
        "patients": [CLINIC],
        "fields": [],
        "reason": "",
        "request_id": "r",
    }
    values.update(changes)
    return tuple(values[name] for name in COLUMNS)


def place(number: int = 1, previous: bytes = GENESIS) -> Place:
    return Place(clinic_id=CLINIC, number=number, previous=previous, up_to=10)


def test_the_same_instant_in_another_zone_is_the_same_entry() -> None:
    sydney = AT.astimezone(timezone(timedelta(hours=11)))

    assert entry_digest(row(at=sydney)) == entry_digest(row())


@given(
    st.sampled_from(
        [name for name in COLUMNS if name not in {"at", "clinic_id", "patients", "fields", "id"}]
    ),
    st.text(min_size=1),
)
def test_any_changed_text_changes_the_digest(column: str, text: str) -> None:
    changes: dict[str, Any] = {column: text + "!"}
    changed = row(**changes)

    assert entry_digest(changed) != entry_digest(row())


@given(st.lists(st.uuids(), max_size=4), st.lists(st.uuids(), max_size=4))
def test_other_patients_other_digest(first: list[UUID], second: list[UUID]) -> None:
    same = entry_digest(row(patients=first)) == entry_digest(row(patients=second))

    assert same == (first == second)


def test_columns_can_not_run_into_each_other() -> None:
    left = row(model="a", object_id="bc")
    right = row(model="ab", object_id="c")

    assert entry_digest(left) != entry_digest(right)


def test_a_link_covers_its_rows_in_order() -> None:
    made = link(place(), [row(3), row(5)])

    assert made.entry_ids == (3, 5)
    assert made.recorded(1) == entry_digest(row(5))


def test_the_digest_depends_on_everything_in_the_link() -> None:
    base = link(place(), [row(1)])
    variants = [
        Link(uuid4(), base.number, base.entry_ids, base.entry_digests, base.previous, base.up_to),
        Link(CLINIC, 2, base.entry_ids, base.entry_digests, base.previous, base.up_to),
        Link(CLINIC, 1, (2,), base.entry_digests, base.previous, base.up_to),
        Link(CLINIC, 1, base.entry_ids, bytes(32), base.previous, base.up_to),
        Link(CLINIC, 1, base.entry_ids, base.entry_digests, bytes([1] * 32), base.up_to),
        Link(CLINIC, 1, base.entry_ids, base.entry_digests, base.previous, 11),
    ]

    assert len({base.digest(), *(variant.digest() for variant in variants)}) == 7


def test_links_follow_each_other() -> None:
    first = link(place(), [row(1)])
    tampered = link(place(), [row(1, actor_label="Somebody else")])
    second = link(place(2, first.digest()), [row(2)])
    forged = link(place(2, tampered.digest()), [row(2)])

    assert second.digest() != forged.digest()
