"""When the dispatcher last looked, and how long the oldest due message has been waiting."""

from __future__ import annotations

import datetime as dt

from aftercare.models import DispatcherState
from aftercare.services.dispatch import due_backlog
from mesoclinic.common.health import Health

LONGEST_WAIT = dt.timedelta(minutes=15)


def tick(*, now: dt.datetime) -> None:
    """Leave a mark that the dispatcher is alive."""
    DispatcherState.objects.update_or_create(name="dispatcher", defaults={"ticked_at": now})


def backlog_health(now: dt.datetime) -> Health:
    """Not ready when a due message has waited for more than `LONGEST_WAIT`."""
    waiting = due_backlog(now=now)
    return Health(
        ok=waiting <= LONGEST_WAIT,
        detail=f"oldest due message: {int(waiting.total_seconds())} s",
    )
