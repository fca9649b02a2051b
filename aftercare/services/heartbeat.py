"""When the dispatcher last looked, and how long the oldest due message has been waiting."""

from __future__ import annotations

import datetime as dt

from aftercare.models import DispatcherState
from aftercare.services.dispatch import due_backlog
from aftercare.services.holding import notice_restore
from mesoclinic.common.health import Health

_NAME = "dispatcher"
LONGEST_WAIT = dt.timedelta(minutes=15)


def tick(*, now: dt.datetime) -> None:
    """Leave a mark that the dispatcher is alive, and look whether the data were restored."""
    notice_restore(now=now)
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


def waited_too_long(*, now: dt.datetime) -> dt.datetime | None:
    """Since when the oldest due message has waited, where that is an alarm; else None."""
    waiting = due_backlog(now=now)
    return now - waiting if waiting > LONGEST_WAIT else None
