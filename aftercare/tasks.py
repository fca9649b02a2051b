"""Celery's bell. The table is the schedule; a missed ring costs half a minute, never a message."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from aftercare.services import dispatch, heartbeat
from aftercare.services.provider import configured_transport


@shared_task(name="aftercare.tasks.dispatch_due")
def dispatch_due() -> dict[str, int]:
    """Send everything that is due; returns how many messages ended in which state."""
    heartbeat.tick(now=timezone.now())
    with configured_transport() as transport:
        report = dispatch.dispatch_due(clock=timezone.now, transport=transport)
    return dict(report.states)
