"""The product's settings as on a server, for the benchmark's own web processes.

Only three things differ: static files are collected without compressing them, the limit on API
calls is out of the way, and a middleware counts queries when (and only when) a request asks.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["ENV_FILE"] = ""  # a developer's .env must not change what is measured

from mesoclinic.settings import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.urls"
MIDDLEWARE = ["tests.benchmarks.probe.ProbeMiddleware", *MIDDLEWARE]  # noqa: F405
STATIC_ROOT = Path(os.environ.get("BENCH_STATIC_ROOT", "/nonexistent"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
REST_FRAMEWORK = {
    **REST_FRAMEWORK,  # noqa: F405
    # The limit is still counted, so its cost is measured; it only never bites.
    "DEFAULT_THROTTLE_RATES": {"anon": "1000000/min", "user": "1000000/min"},
}
