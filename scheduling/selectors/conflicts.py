"""Who has the time already: the read that booking makes again once it holds the locks.

Bare SQL, because one statement answers for a whole course: each place is a row of arrays, and
the partial GiST indexes of the exclusion constraints answer each of its three or four questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mesoclinic.common.intervals import Interval
from mesoclinic.statements import Statement
from scheduling.domain.status import BLOCKING

_BLOCKING = ", ".join(f"'{status.value}'" for status in sorted(BLOCKING))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Time that a visit wants: whose, and when. None where no room or device is wanted."""

    practitioner_id: UUID
    room_id: UUID | None
    device_id: UUID | None
    patient_id: UUID
    during: Interval[datetime]
    occupies: Interval[datetime]


@dataclass(frozen=True, slots=True)
class Clash:
    """A visit in the way of `wanted[index]`; `parties` names who of it is taken.

    `lapsed` marks a hold that has run out: it may be let go.
    """

    index: int
    appointment_id: UUID
    parties: tuple[str, ...]
    lapsed: bool


_CLASHES = Statement(f"""
SELECT w.n - 1, a.id,
       a.practitioner_id = w.practitioner AND a.occupies && w.occupies,
       coalesce(a.room_id = w.room AND a.occupies && w.occupies, false),
       coalesce(a.device_id = w.device AND a.occupies && w.occupies, false),
       a.patient_id = w.patient AND a.during && w.during,
       a.status = 'pending' AND a.held_until <= %(now)s
FROM (
    SELECT n, practitioner, room, device, patient,
           tstzrange(starts, ends) AS during, tstzrange(opens, closes) AS occupies
    FROM unnest(
        %(practitioners)s::uuid[], %(rooms)s::uuid[], %(devices)s::uuid[], %(patients)s::uuid[],
        %(starts)s::timestamptz[], %(ends)s::timestamptz[],
        %(opens)s::timestamptz[], %(closes)s::timestamptz[]
    ) WITH ORDINALITY
        AS t (practitioner, room, device, patient, starts, ends, opens, closes, n)
) w
JOIN scheduling_appointment a ON a.status IN ({_BLOCKING}) AND (
    (a.practitioner_id = w.practitioner AND a.occupies && w.occupies)
    OR (a.room_id = w.room AND a.occupies && w.occupies)
    OR (a.device_id = w.device AND a.occupies && w.occupies)
    OR (a.patient_id = w.patient AND a.during && w.during)
)
WHERE a.id <> ALL (%(ignoring)s::uuid[])
ORDER BY 1, 2
""")  # noqa: S608 - only the constant list of states is put in

_PARTIES = ("practitioner", "room", "device", "patient")


def clashes(wanted: Sequence[Wanted], now: datetime, ignoring: Iterable[UUID] = ()) -> list[Clash]:
    """The blocking visits in the way, in order of `wanted`; visits in `ignoring` never are.

    One query. It looks across clinics on purpose: a practitioner of two clinics is one person.
    """
    rows = _CLASHES.rows(**_columns(wanted), now=now, ignoring=list(ignoring))
    return [
        Clash(
            index,
            found,
            tuple(name for name, taken in zip(_PARTIES, flags[:4], strict=True) if taken),
            flags[4],
        )
        for index, found, *flags in rows
    ]


def _columns(wanted: Sequence[Wanted]) -> dict[str, list[object]]:
    return {
        "practitioners": [one.practitioner_id for one in wanted],
        "rooms": [one.room_id for one in wanted],
        "devices": [one.device_id for one in wanted],
        "patients": [one.patient_id for one in wanted],
        "starts": [one.during.start for one in wanted],
        "ends": [one.during.end for one in wanted],
        "opens": [one.occupies.start for one in wanted],
        "closes": [one.occupies.end for one in wanted],
    }


_FREE = """
SELECT w.n - 1, r.id
FROM unnest(%(opens)s::timestamptz[], %(closes)s::timestamptz[], %(starts)s::timestamptz[],
            %(ends)s::timestamptz[]) WITH ORDINALITY AS w (opens, closes, starts, ends, n)
JOIN {table} r ON r.clinic_id = %(clinic)s AND r.kind = %(kind)s AND r.is_active
WHERE NOT EXISTS (
    SELECT 1 FROM scheduling_appointment a
    WHERE a.status IN ({blocking}) AND a.{column} = r.id
      AND a.occupies && tstzrange(w.opens, w.closes)
      AND NOT (a.status = 'pending' AND a.held_until <= %(now)s)
      AND a.id <> ALL (%(ignoring)s::uuid[])
) AND NOT EXISTS (
    SELECT 1 FROM scheduling_timeoff o
    WHERE o.{column} = r.id AND o.in_force AND o.during && tstzrange(w.starts, w.ends)
) AND (
    NOT EXISTS (SELECT 1 FROM scheduling_resourcehours h WHERE h.{column} = r.id)
    OR (
        SELECT range_agg(tsrange(l.day + h.starts, l.day + h.ends)) @> tsrange(l.starts, l.ends)
        FROM scheduling_resourcehours h
        CROSS JOIN (SELECT w.starts AT TIME ZONE %(zone)s AS starts,
                           w.ends AT TIME ZONE %(zone)s AS ends,
                           (w.starts AT TIME ZONE %(zone)s)::date AS day) l
        WHERE h.{column} = r.id AND h.weekday = extract(isodow FROM l.day) - 1
          AND coalesce(h.valid_from <= l.day, true) AND coalesce(h.valid_until >= l.day, true)
        GROUP BY l.starts, l.ends
    )
)
ORDER BY 1, {order}
"""


_FREE_OF = {
    "room_id": Statement(
        _FREE.format(
            table="scheduling_room", column="room_id", blocking=_BLOCKING,
            order='r."order", r.name',
        )
    ),
    "device_id": Statement(
        _FREE.format(
            table="scheduling_device", column="device_id", blocking=_BLOCKING, order="r.name"
        )
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shelf:
    """Of what one is wanted: the rooms or the devices of a kind in a clinic."""

    clinic_id: UUID
    kind: str
    column: str
    zone: str

    @property
    def statement(self) -> Statement:
        """What finds the free ones, in the order in which they are offered."""
        return _FREE_OF[self.column]


def free_of_kind(
    shelf: Shelf,
    times: Sequence[tuple[Interval[datetime], Interval[datetime]]],
    now: datetime,
    ignoring: Iterable[UUID] = (),
) -> list[list[UUID]]:
    """For each (during, occupies) the ids of the free rooms or devices, in order. One query."""
    found: list[list[UUID]] = [[] for _ in times]
    values: dict[str, Any] = {
        "starts": [during.start for during, _ in times],
        "ends": [during.end for during, _ in times],
        "opens": [occupies.start for _, occupies in times],
        "closes": [occupies.end for _, occupies in times],
        "clinic": shelf.clinic_id,
        "kind": shelf.kind,
        "zone": shelf.zone,
        "now": now,
        "ignoring": list(ignoring),
    }
    for index, found_id in shelf.statement.rows(**values):
        found[index].append(found_id)
    return found
