"""`/healthz` (the process answers) and `/readyz` (everything it needs does, too)."""

from __future__ import annotations

from datetime import datetime

import structlog
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common import health
from mesoclinic.common.health import Health

_HEARTBEAT_KEY = "worker-heartbeat"
_log = structlog.get_logger(__name__)


@shared_task(name="mesoclinic.health.heartbeat")
def heartbeat() -> None:
    """Note in Redis that a worker carries out tasks; rung by beat every 30 s."""
    cache.set(_HEARTBEAT_KEY, timezone.now().isoformat(), timeout=None)


@access(Policy.PUBLIC)
@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 as long as this process can answer at all."""
    return JsonResponse({"status": "ok"})


@access(Policy.PUBLIC)
@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when every check passes, else 503; the body says which one does not."""
    now = timezone.now()
    builtin = {"database": _database, "redis": _redis, "worker": _worker}
    answers = {name: _ask(name, check, now) for name, check in (builtin | health.checks()).items()}
    ready = all(answer.ok for answer in answers.values())
    body = {
        "status": "ok" if ready else "not ready",
        "checks": {name: {"ok": a.ok, "detail": a.detail} for name, a in answers.items()},
    }
    return JsonResponse(body, status=200 if ready else 503)


def _ask(name: str, check: health.Check, now: datetime) -> Health:
    try:
        return check(now)
    except Exception:  # noqa: BLE001 - whatever is broken, the answer is "not ready", never a 500
        _log.warning("readiness_check_failed", check=name, exc_info=True)
        return Health(ok=False, detail="does not answer")


def _database(_now: datetime) -> Health:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Health(ok=True)


def _redis(now: datetime) -> Health:
    cache.set("readyz", now.isoformat(), timeout=60)
    return Health(ok=cache.get("readyz") is not None)


def _worker(now: datetime) -> Health:
    seen = cache.get(_HEARTBEAT_KEY)
    if seen is None:
        return Health(ok=False, detail="no worker has reported yet")
    age = (now - datetime.fromisoformat(seen)).total_seconds()
    return Health(ok=age <= settings.READY_HEARTBEAT_SECONDS, detail=f"last seen {age:.0f} s ago")
