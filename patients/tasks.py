"""Background work of the patients room."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.utils import timezone

from patients.services import finish_erasures, forget_old_cells, go_on_with_runs, sweep_files

_log = structlog.get_logger(__name__)


@shared_task(name="patients.tasks.sweep")
def sweep() -> int:
    """Remove files that no row names; returns how many. Rows without their file are logged."""
    found = sweep_files(now=timezone.now())
    if found.missing:
        _log.error("files_missing", count=len(found.missing), first=found.missing[0])
    return found.removed


@shared_task(name="patients.tasks.imports")
def imports() -> int:
    """Go on with imports that nobody looks at; returns how many are under way."""
    return go_on_with_runs(now=timezone.now())


@shared_task(name="patients.tasks.forget")
def forget() -> int:
    """Erase what the law has kept until today, and what old imports still hold; returns how much."""
    now = timezone.now()
    return finish_erasures(now=now) + forget_old_cells(now=now)
