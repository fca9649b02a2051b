"""Bring database, static files and demo data up to date, in one process: each start costs time.

Run by the supervisor as ``python -m mesoclinic.embedded.prepare``, with everything it needs up.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands

from mesoclinic import embedded
from mesoclinic.embedded.terminal import say

_DEMO = "load_demo"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    say("  database is up to date")
    _collect_static()
    _load_demo()


def _collect_static() -> None:
    """Collect and hash the static files, unless none changed since the last time."""
    if settings.DEBUG:
        return
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _fingerprint()
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint)
    say("  static files are collected")


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        found = path.stat()
        digest.update(f"{path}:{found.st_mtime_ns}:{found.st_size}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield Path(storage.path(name))


def _load_demo() -> None:
    """Load the demo clinics once, and note their accounts for the supervisor's greeting."""
    home = embedded.project_layout().home
    if not settings.EMBEDDED:
        say("  your own database: no demo data is loaded into it (manage.py load_demo does)")
        return
    if not settings.LOAD_DEMO:
        return
    if _DEMO not in get_commands():
        say("  there is no demo data yet: the command load_demo does not exist")
        return
    done = home / "demo-loaded"
    if not done.exists():
        say("  loading the demo clinics; this happens once")
        call_command(_DEMO, "--side-by-side")
        done.touch()
    call_command(_DEMO, "--readdress")
    accounts = io.StringIO()
    call_command(_DEMO, "--accounts", stdout=accounts)
    (home / "accounts.txt").write_text(accounts.getvalue())


if __name__ == "__main__":
    main()
