"""Who may be in the books twice, and which entry now stands for which."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from mesoclinic.clinic.models import Clinic
from patients.exceptions import MergeNotFound
from patients.models import Patient, PatientMerge

MOST_PAIRS = 50
_LONGEST_CHAIN = 20


@dataclass(frozen=True)
class Pair:
    """Two entries that may be one person; the older entry first."""

    first: Patient
    second: Patient
    same_birth_date: bool
    birth_date_slip: bool
    same_phone: bool
    same_email: bool

    @property
    def both(self) -> tuple[Patient, Patient]:
        """The two, to walk through."""
        return (self.first, self.second)


# Names are compared only within the few entries that share a birth date, phone or e-mail, or the
# whole name; a shared phone or e-mail alone is a family more often than a double, and a shared name
# alone a coincidence. `slip` says in SQL what `likeness.slips` says of one date.
_PAIRS = """
    WITH live AS (
        SELECT id, clinic_id, name, mesoclinic_fold(name) AS folded, birth_date, phone, email,
            to_char(birth_date, 'YYYYMMDD') AS written, to_char(birth_date, 'YYYYDDMM') AS swapped
        FROM patients_patient WHERE clinic_id = %(clinic)s AND erased_at IS NULL
    ), candidates AS (
        SELECT a.id AS a, b.id AS b FROM live a JOIN live b
            ON a.birth_date = b.birth_date AND a.id < b.id
        UNION
        SELECT a.id, b.id FROM live a JOIN live b
            ON a.phone = b.phone AND a.phone <> '' AND a.id < b.id
        UNION
        SELECT a.id, b.id FROM live a JOIN live b
            ON a.email = b.email AND a.email <> '' AND a.id < b.id
        UNION
        SELECT a.id, b.id FROM live a JOIN live b
            ON a.folded = b.folded AND a.id < b.id AND _SLIP_
    ), judged AS (
        SELECT a.id AS first, b.id AS second,
            similarity(a.folded, b.folded) AS alike,
            coalesce(a.birth_date = b.birth_date, false) AS born,
            coalesce(_SLIP_, false) AS slip,
            a.phone = b.phone AND a.phone <> '' AS phone,
            a.email = b.email AND a.email <> '' AS email
        FROM candidates JOIN live a ON a.id = candidates.a JOIN live b ON b.id = candidates.b
        WHERE a.birth_date IS NULL OR b.birth_date IS NULL OR a.birth_date = b.birth_date
            OR (a.phone = b.phone AND a.phone <> '' AND a.email = b.email AND a.email <> '')
            OR _SLIP_
    )
    SELECT first, second, born, slip, phone, email FROM judged
    WHERE alike >= CASE WHEN slip THEN 0.8 ELSE 0.45 END
    ORDER BY alike DESC, born DESC, first, second LIMIT %(most)s
"""
_DIGITS = " + ".join(
    f"(substr(a.written, {place}, 1) <> substr(b.written, {place}, 1))::int"
    for place in range(1, 9)
)
_SLIP = f"(a.written <> b.written AND ({_DIGITS} = 1 OR a.written = b.swapped))"


def suspected_pairs(clinic: Clinic) -> list[Pair]:
    """Pairs with a similar name and the same birth date, phone or e-mail, the likeliest first.

    Also with nearly the same name and a slip in the birth date. At most fifty. Two queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS.replace("_SLIP_", _SLIP), {"clinic": clinic.pk, "most": MOST_PAIRS})
        rows = cursor.fetchall()
    ids = {pk for row in rows for pk in row[:2]}
    patients = Patient.objects.for_clinic(clinic).in_bulk(list(ids))
    pairs = []
    for one, two, born, slip, phone, email in rows:
        first, second = sorted((patients[one], patients[two]), key=lambda each: each.created_at)
        pairs.append(Pair(first, second, born, slip, phone, email))
    return pairs


def stands_for(clinic: Clinic, patient_id: UUID) -> UUID | None:
    """The entry that `patient_id` was merged into, through several merges if need be."""
    found: UUID | None = None
    rows = Patient.objects.for_clinic(clinic)
    for _step in range(_LONGEST_CHAIN):
        after = rows.filter(pk=found or patient_id).values_list("merged_into_id", flat=True).first()
        if after is None:
            return found
        found = after
    return found


def merges_into(patient: Patient, now: dt.datetime) -> list[PatientMerge]:
    """The merges into this entry that can still be undone. One query."""
    return list(
        PatientMerge.objects.filter(kept=patient, undone_at__isnull=True, undo_until__gte=now)
        .select_related("dropped")
        .defer("moved", "changes", "created")
    )


def recent_merges(clinic: Clinic, now: dt.datetime, limit: int = 20) -> list[PatientMerge]:
    """The last merges that can still be undone, newest first, with both entries. One query."""
    rows = PatientMerge.objects.for_clinic(clinic).filter(
        undone_at__isnull=True, undo_until__gte=now
    )
    rows = rows.select_related("kept", "dropped").defer("moved", "changes", "created")
    return list(rows.order_by("-merged_at")[:limit])


def get_merge(clinic: Clinic, merge_id: UUID) -> PatientMerge:
    """One merge of the clinic. Raises MergeNotFound."""
    merge = PatientMerge.objects.for_clinic(clinic).filter(pk=merge_id).first()
    if merge is None:
        raise MergeNotFound
    return merge
