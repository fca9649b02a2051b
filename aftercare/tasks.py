"""Celery's bell. The table is the schedule; a missed ring costs half a minute, never a message."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from aftercare.services import alarm, dispatch, heartbeat, watch
from aftercare.services.gateway import Gateway
from aftercare.services.provider import configured_transport
from aftercare.services.transport import SmtpTransport
from mesoclinic.clinic.models import Clinic

logger = structlog.get_logger(__name__)


@shared_task(name="aftercare.tasks.dispatch_due")
def dispatch_due() -> dict[str, int]:
    """Send everything that is due; returns how many messages ended in which state."""
    heartbeat.tick(now=timezone.now())
    with configured_transport() as transport:
        report = dispatch.dispatch_due(clock=timezone.now, transport=transport)
    return dict(report.states)


@shared_task(name="aftercare.tasks.ring_alarms")
def ring_alarms() -> dict[str, int]:
    """Alert whoever is next about urgent tasks; returns how many alerts ended in which state."""
    now = timezone.now()
    alarm.escalate(now=now)
    with SmtpTransport() as transport, Gateway() as gateway:
        return dict(alarm.ring(now=now, transport=transport, send_text=gateway.hand_over))


@shared_task(name="aftercare.tasks.look_round")
def look_round() -> int:
    """The hourly round of every clinic; one that fails does not stop the others."""
    done = 0
    for clinic in Clinic.objects.filter(is_active=True):
        try:
            watch.look_round(clinic, now=timezone.now())
            done += 1
        except DatabaseError:
            logger.exception("look_round_failed", clinic=str(clinic.pk))
    return done
