"""The Celery application: a doorbell. Tasks carry ids; the tables are the schedule."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    before_task_publish,
    setup_logging,
    worker_init,
    worker_ready,
)
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings")

app = Celery("mesoclinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()
app.autodiscover_tasks(["mesoclinic"], related_name="health")


@setup_logging.connect
def use_django_logging(**_kwargs: Any) -> None:
    """Keep Celery from setting up logging of its own: Django's configuration holds."""


@worker_init.connect
def share_what_is_imported(**_kwargs: Any) -> None:
    """Before the pool forks: what stays is never searched for garbage, so it stays shared."""
    gc.collect()
    gc.freeze()


@worker_ready.connect
def beat_once(**_kwargs: Any) -> None:
    """Say "alive" at once instead of after the first tick."""
    from mesoclinic.health import heartbeat  # needs the settings to be ready

    heartbeat()


@beat_init.connect
def note_ticks(**_kwargs: Any) -> None:
    """Touch BEAT_FILE with every task sent, so that a health check sees a beat that hangs."""
    if name := os.environ.get("BEAT_FILE"):
        path = Path(name)
        path.touch()
        before_task_publish.connect(lambda **_sent: path.touch(), weak=False)
