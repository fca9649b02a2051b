"""When the dispatcher last looked, and how long the oldest due message has been waiting."""

from __future__ import annotations

import datetime as dt

from aftercare.models import DispatcherState
from aftercare.services.dispatch import due_backlog
from mesoclinic.common.health import Health

_NAME = "dispatcher"
LONGEST_WAIT = dt.timedelta(minutes=15)


def tick(*, now: dt.datetime) -> None:
    """Leave a mark that the dispatcher is alive."""
    DispatcherState.objects.update_or_create(name=_NAME, defaults={"ticked_at": now})


def backlog_health(now: dt.datetime) -> Health:
    """Not ready when a due message has waited for more than `LONGEST_WAIT`.

    The detail also says when the dispatcher looked last: with nothing due, its silence is no
    fault yet, but the first thing to know.
    """
    waiting = due_backlog(now=now)
    ticked = DispatcherState.objects.filter(name=_NAME).values_list("ticked_at", flat=True).first()
    seen = f"{max(int((now - ticked).total_seconds()), 0)} s ago" if ticked else "never"
    return Health(
        ok=waiting <= LONGEST_WAIT,
        detail=f"oldest due message: {int(waiting.total_seconds())} s; dispatcher looked: {seen}",
    )
