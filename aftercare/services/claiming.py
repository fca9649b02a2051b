"""Taking due messages: fairly between clinics, the urgent ones first, nothing of a clinic on hold."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from aftercare.models import Message
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from patients.models import Patient

LEASE = dt.timedelta(minutes=5)
BATCH = 60

# What a letter and the question whether it is wanted need of the patient.
_ADDRESSED = (
    "clinic", "name", "preferred_name", "email", "language", "deceased_on", "erased_at",
    "restricted_at",
)  # fmt: skip
_POSTMAN = Actor.system(label="dispatcher")

# Each clinic that has something due gets an equal share of the batch, so that one with 50,000 due
# messages takes no more of it than one with a single urgent one. Both lookups are exact ranges of
# the index `message_due`.
_CLAIM = """
WITH open_clinic AS (
    SELECT c.id FROM clinic_clinic c
    WHERE NOT EXISTS (SELECT 1 FROM aftercare_outboxhold h
                      WHERE h.clinic_id = c.id AND h.released_at IS NULL)
      AND (EXISTS (SELECT 1 FROM aftercare_message m WHERE m.clinic_id = c.id AND m.is_urgent
                   AND m.state = 'planned' AND m.next_try_at <= %(now)s)
        OR EXISTS (SELECT 1 FROM aftercare_message m WHERE m.clinic_id = c.id AND NOT m.is_urgent
                   AND m.state = 'planned' AND m.next_try_at <= %(now)s))
), due AS (
    SELECT m.id, row_number() OVER (PARTITION BY c.id, m.is_urgent
                                    ORDER BY m.next_try_at, m.id) AS place
    FROM open_clinic c
    CROSS JOIN (VALUES (true), (false)) AS rank (urgent)
    CROSS JOIN LATERAL (
        SELECT id, is_urgent, next_try_at FROM aftercare_message
        WHERE clinic_id = c.id AND is_urgent = rank.urgent
          AND state = 'planned' AND next_try_at <= %(now)s
        ORDER BY next_try_at, id
        LIMIT (SELECT ceil(%(size)s::numeric / greatest(count(*), 1))::int FROM open_clinic)
        FOR UPDATE SKIP LOCKED
    ) m
    ORDER BY m.is_urgent DESC, place, m.next_try_at, m.id
    LIMIT %(size)s
)
UPDATE aftercare_message m
SET state = 'sending', lease_until = %(lease)s, attempts = attempts + 1,
    recipient = CASE m.channel WHEN 'email' THEN p.email ELSE p.phone END
FROM due, patients_patient p
WHERE m.id = due.id AND p.id = m.patient_id
RETURNING m.*
"""


def claim(*, now: dt.datetime, size: int = BATCH) -> list[Message]:
    """Take up to `size` due messages for `LEASE`; urgent ones first. Committed on return."""
    values: dict[str, Any] = {"now": now, "lease": now + LEASE, "size": size}
    with audited(_POSTMAN):
        found = list(Message.objects.raw(_CLAIM, values))
    # Read after the commit: a cancellation committed before the claim is seen here.
    people = Patient.objects.only(*_ADDRESSED)
    prefetch_related_objects(found, Prefetch("patient", people), "clinic")
    return sorted(found, key=lambda one: (not one.is_urgent, one.next_try_at, one.pk))
