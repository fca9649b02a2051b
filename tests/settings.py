"""Settings of the test run: the product's, on throw-away services of its own.

Reading this module starts PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL name some.
pytest-django reads the settings before any conftest.py, hence here; xdist's workers inherit the
addresses from the controller and start nothing.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from mesoclinic import embedded
from mesoclinic.embedded import services

os.environ["ENV_FILE"] = ""  # a developer's .env must not change what is tested
os.environ["SECRET_KEY"] = secrets.token_urlsafe(64)
for _name in ("DEBUG", "BASE_URL", "EMAIL_URL", "MAIL_INBOX_DIR", "ALLOWED_HOSTS", "EMBEDDED_DIR"):
    os.environ.pop(_name, None)

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")

if embedded.is_wanted():
    _stack = ExitStack()
    os.environ.update(services.urls(_stack.enter_context(services.throwaway())))
    atexit.register(_stack.close)

if _worker.removeprefix("gw").isdecimal():
    # Each xdist worker has a database of its own in PostgreSQL; here it gets one in Redis.
    _address, _, _number = os.environ["REDIS_URL"].rpartition("=")
    if _address.endswith("?db"):
        os.environ["REDIS_URL"] = f"{_address}={int(_number) + int(_worker[2:])}"

from mesoclinic.settings import *  # noqa: E402, F403

# No manifest: pages in tests name the source files, which live_server serves through the finders.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Files of patients go to a folder of their own, which ends with the run.
MEDIA_ROOT = Path(tempfile.mkdtemp(prefix="mesoclinic-media-"))
atexit.register(shutil.rmtree, MEDIA_ROOT, ignore_errors=True)
MEDIA_ACCEL_PREFIX = ""
# Tests create many accounts; the real hasher is slow on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# live_server brings its own way of serving them; WhiteNoise would warn of the missing folder.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]  # noqa: F405
