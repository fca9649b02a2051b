"""The product's Celery application in a hurry: leases of seconds, a beat every second.

    celery -A tests.integration.aftercare.harness_app worker

`HARNESS_BUG=mark-before-send` plants the bug that the harness must see.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from celery.signals import worker_init

from mesoclinic.celery import app

app.conf.beat_schedule = {
    "dispatch": {
        "task": "aftercare.tasks.dispatch_due",
        "schedule": 1.0,
        "options": {"expires": 3},
    }
}

__all__ = ["app"]


@worker_init.connect  # type: ignore[untyped-decorator]
def hurry(**_kwargs: Any) -> None:
    """Shorten what takes minutes on a server; plant the bug where it is asked for."""
    from django.utils import timezone

    from aftercare.domain import timing
    from aftercare.services import claiming, dispatch

    claiming.LEASE = dt.timedelta(seconds=6)
    timing._BACKOFF = (dt.timedelta(seconds=1),) * 5
    if os.environ.get("HARNESS_BUG") != "mark-before-send":
        return
    claim = dispatch.claim

    def claim_and_mark(*, now: dt.datetime, size: int = claiming.BATCH) -> Any:
        batch = claim(now=now, size=size)
        dispatch._record_sent(dict.fromkeys(batch, ""), timezone.now(), dispatch.Report())
        return batch

    dispatch.claim = claim_and_mark
