"""The product's settings as on a server, for programs that a journey starts.

What differs: where the static files are collected (and that they are not compressed), and that
beat rings every two seconds, so that nobody waits half a minute.
"""

from __future__ import annotations

import os
from pathlib import Path

from mesoclinic.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["E2E_STATIC_ROOT"])
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
CELERY_BEAT_SCHEDULE = {
    name: {**entry, "schedule": 2.0}
    for name, entry in CELERY_BEAT_SCHEDULE.items()  # noqa: F405
    if name == "dispatch-due-messages"
}
