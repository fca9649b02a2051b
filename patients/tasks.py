"""Background work of the patients room."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.utils import timezone

from patients.services import sweep_files

_log = structlog.get_logger(__name__)


@shared_task(name="patients.tasks.sweep")
def sweep() -> int:
    """Remove files that no row names; returns how many. Rows without their file are logged."""
    found = sweep_files(now=timezone.now())
    if found.missing:
        _log.error("files_missing", count=len(found.missing), first=found.missing[0])
    return found.removed
