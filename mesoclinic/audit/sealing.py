"""Sealing entries into each clinic's hash chain, and checking it.

Writers never wait for the chain: a task seals what is there, in batches, minutes later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Max

from mesoclinic.audit.chain import COLUMNS, GENESIS, Link, Place, entry_digest, link
from mesoclinic.audit.models import AuditEntry, AuditSeal

BATCH = 5_000
LOCK_TIMEOUT = "100ms"
_SEALER_LOCK = 0x6D65736F  # the sealer's advisory lock: two beats may ring at once


@dataclass(frozen=True)
class Break:
    """The first place where a chain does not hold: which seal, which entry, and how."""

    clinic_id: UUID | None
    seal: int
    entry_id: int | None
    what: str


def settled_id() -> int | None:
    """The highest id below which no entry can appear any more, or None if writers are too busy.

    Ids are drawn before a transaction commits, so a lower one may still be on its way. SHARE mode
    waits for open writers; the short timeout keeps new ones from queueing behind us.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            cursor.execute("LOCK TABLE audit_auditentry IN SHARE MODE")
            return AuditEntry.objects.aggregate(top=Max("id"))["top"] or 0
    except OperationalError:
        return None


def seal_batch(limit: int = BATCH) -> int:
    """Seal up to `limit` settled entries; returns how many (0: nothing to do, or writers busy)."""
    top = settled_id()
    if not top:
        return 0
    with transaction.atomic():
        if not _alone():
            return 0
        start: int = AuditSeal.objects.aggregate(top=Max("up_to"))["top"] or 0
        rows = list(
            AuditEntry.objects.filter(id__gt=start, id__lte=top)
            .order_by("id")
            .values_list(*COLUMNS)[:limit]
        )
        if rows:
            AuditSeal.objects.bulk_create(_seals(rows, up_to=rows[-1][0]))
    return len(rows)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEALER_LOCK])
        return bool(cursor.fetchone()[0])


def _seals(rows: list[tuple[Any, ...]], up_to: int) -> list[AuditSeal]:
    by_clinic: dict[UUID | None, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        by_clinic[row[COLUMNS.index("clinic_id")]].append(row)
    made = []
    for clinic_id, own in by_clinic.items():
        last = AuditSeal.objects.filter(clinic_id=clinic_id).order_by("-number").first()
        place = Place(
            clinic_id=clinic_id,
            number=last.number + 1 if last else 1,
            previous=bytes(last.digest) if last else GENESIS,
            up_to=up_to,
        )
        new = link(place, own)
        made.append(
            AuditSeal(
                clinic_id=new.clinic_id,
                number=new.number,
                entry_ids=list(new.entry_ids),
                entry_digests=new.entry_digests,
                up_to=new.up_to,
                previous=new.previous,
                digest=new.digest(),
            )
        )
    return made


def verify() -> Iterator[Break | AuditSeal]:
    """Walk every chain from its start: yields each seal that holds, or the first Break of a chain
    (and then goes on with the next clinic). An empty record yields nothing.
    """
    clinics = AuditSeal.objects.order_by("clinic_id").values_list("clinic_id", flat=True)
    for clinic_id in clinics.distinct():
        yield from _verify_chain(clinic_id)


def _verify_chain(clinic_id: UUID | None) -> Iterator[Break | AuditSeal]:
    previous, after = GENESIS, 0
    seals = AuditSeal.objects.filter(clinic_id=clinic_id).order_by("number")
    for number, seal in enumerate(seals.iterator(chunk_size=50), start=1):
        broken = _check_link(seal, previous, number) or _check_entries(seal, after)
        if broken:
            yield broken
            return
        previous, after = bytes(seal.digest), seal.up_to
        yield seal


def _check_link(seal: AuditSeal, previous: bytes, number: int) -> Break | None:
    own = _as_link(seal)
    if seal.number != number:
        return Break(seal.clinic_id, number, None, "this seal is missing")
    if own.previous != previous:
        return Break(seal.clinic_id, number, None, "does not follow the seal before it")
    if own.digest() != bytes(seal.digest):
        return Break(seal.clinic_id, number, None, "the seal itself was changed")
    return None


def _check_entries(seal: AuditSeal, after: int) -> Break | None:
    own = _as_link(seal)
    found = {
        row[0]: row for row in AuditEntry.objects.filter(id__in=own.entry_ids).values_list(*COLUMNS)
    }
    for position, entry_id in enumerate(own.entry_ids):
        row = found.get(entry_id)
        if row is None:
            return Break(seal.clinic_id, seal.number, entry_id, "the entry is missing")
        if entry_digest(row) != own.recorded(position):
            return Break(seal.clinic_id, seal.number, entry_id, "the entry was changed")
    return _smuggled(seal, after)


def _smuggled(seal: AuditSeal, after: int) -> Break | None:
    """An entry put in later among sealed ones: a seal covers all its clinic's ids in its range."""
    extra = (
        AuditEntry.objects.filter(clinic_id=seal.clinic_id, id__gt=after, id__lte=seal.up_to)
        .exclude(id__in=seal.entry_ids)
        .order_by("id")
        .values_list("id", flat=True)
        .first()
    )
    if extra is None:
        return None
    return Break(seal.clinic_id, seal.number, extra, "the entry was put in afterwards")


def _as_link(seal: AuditSeal) -> Link:
    return Link(
        clinic_id=seal.clinic_id,
        number=seal.number,
        entry_ids=tuple(seal.entry_ids),
        entry_digests=bytes(seal.entry_digests),
        previous=bytes(seal.previous),
        up_to=seal.up_to,
    )
