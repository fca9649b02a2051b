"""One at a time for each practitioner, room, device and patient: the locks of booking.

Order, the same for everybody: staff members, rooms, devices, patients, and only then visits;
inside each table by id. A transaction that needs several takes them in one call, so no two can
wait for each other in a circle. `FOR NO KEY UPDATE` keeps clear of the key locks that foreign
keys take: whoever only refers to a patient (a message, a screening) neither waits nor is waited
for. The exclusion constraints stand behind the locks; alone they would deadlock under contention.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from django.db import connection, models

from mesoclinic.clinic.models import StaffMember
from patients.models import Patient
from scheduling.models import Appointment, Device, Room
from scheduling.selectors.conflicts import Wanted


@dataclass(frozen=True, slots=True)
class Parties:
    """Whose time is about to be taken or given back."""

    practitioners: frozenset[UUID] = field(default_factory=frozenset)
    rooms: frozenset[UUID] = field(default_factory=frozenset)
    devices: frozenset[UUID] = field(default_factory=frozenset)
    patients: frozenset[UUID] = field(default_factory=frozenset)

    @classmethod
    def of(cls, wanted: Iterable[Wanted]) -> Self:
        """Everybody who takes part in the visits."""
        rows = list(wanted)
        return cls(
            frozenset(row.practitioner_id for row in rows),
            frozenset(row.room_id for row in rows if row.room_id),
            frozenset(row.device_id for row in rows if row.device_id),
            frozenset(row.patient_id for row in rows),
        )

    def __or__(self, other: Self) -> Self:
        """Both together."""
        return type(self)(
            self.practitioners | other.practitioners,
            self.rooms | other.rooms,
            self.devices | other.devices,
            self.patients | other.patients,
        )


def _statement(model: type[models.Model]) -> str:
    table = model._meta.db_table
    return f'SELECT 1 FROM "{table}" WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE'  # noqa: S608


def lock_parties(parties: Parties) -> None:
    """Lock the rows until the end of the transaction, in the order of the house. One round trip."""
    wanted = [
        (_statement(model), sorted(ids))
        for model, ids in (
            (StaffMember, parties.practitioners),
            (Room, parties.rooms),
            (Device, parties.devices),
            (Patient, parties.patients),
        )
        if ids
    ]
    with connection.cursor() as cursor:
        cursor.execute("; ".join(sql for sql, _ids in wanted), [ids for _sql, ids in wanted])


def lock_visits(ids: Iterable[UUID]) -> list[Appointment]:
    """The visits, locked in order of id and read afresh; always after `lock_parties`."""
    rows = Appointment.objects.filter(pk__in=set(ids)).order_by("pk")
    return list(rows.select_for_update(no_key=True, of=("self",)))
