"""The sealer's bell."""

from __future__ import annotations

import structlog
from celery import shared_task

from mesoclinic.audit.models import AuditSeal
from mesoclinic.audit.sealing import BATCH, seal_batch

logger = structlog.get_logger(__name__)
MAX_BATCHES = 20


@shared_task(name="mesoclinic.audit.tasks.seal")
def seal() -> int:
    """Seal what has settled (at most 20 batches a tick); returns how many entries.

    The newest digest goes into the log: a copy outside the database, against which a rewritten
    chain can be told.
    """
    total = 0
    for _turn in range(MAX_BATCHES):
        sealed = seal_batch()
        total += sealed
        if sealed < BATCH:
            break
    if total:
        newest = AuditSeal.objects.order_by("-id").first()
        if newest is not None:
            logger.info(
                "audit_sealed",
                entries=total,
                clinic=str(newest.clinic_id),
                number=newest.number,
                digest=bytes(newest.digest).hex(),
            )
    return total
