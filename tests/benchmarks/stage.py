"""The real parts: durable PostgreSQL, Valkey, gunicorn as on a server, an SMTP sink, sessions."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mesoclinic.embedded import processes, services

WORKERS = 2
_ROOT = Path(__file__).resolve().parent.parent.parent
_SETTINGS = "tests.benchmarks.settings"


@dataclass(frozen=True)
class Stage:
    """Where the parts listen. `dsn` is for bare psycopg2; `log` is gunicorn's."""

    port: int
    smtp_port: int
    dsn: str
    log: Path


@contextmanager
def services_up(folder: Path) -> Iterator[tuple[str, int]]:
    """PostgreSQL (fsync on), Valkey and the SMTP sink; the environment and Django set up for them."""
    with ExitStack() as stack:
        layout = stack.enter_context(services.throwaway(durable=True))
        smtp_port = stack.enter_context(_smtp_sink())
        for name in ("DEBUG", "ALLOWED_HOSTS", "MAIL_INBOX_DIR", "EMBEDDED_DIR", "LOG_LEVEL"):
            os.environ.pop(name, None)
        os.environ.update(services.urls(layout))
        os.environ.update(
            {
                "DJANGO_SETTINGS_MODULE": _SETTINGS,
                "SECRET_KEY": secrets.token_urlsafe(64),
                "ENV_FILE": "",
                "BASE_URL": f"http://127.0.0.1:{free_port()}",
                "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
                "BENCH_STATIC_ROOT": str(folder / "static"),
            }
        )
        import django

        django.setup()
        yield f"host={layout.sockets} user=meso dbname=meso", smtp_port


def prepare() -> None:
    """Tables and static files."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def web(folder: Path) -> Iterator[tuple[int, Path]]:
    """gunicorn with the product's own configuration and two workers; its port and log."""
    port = int(os.environ["BASE_URL"].rpartition(":")[2])
    log = folder / "gunicorn.log"
    child = processes.spawn(
        [
            sys.executable, "-m", "gunicorn", "-c", "python:mesoclinic.gunicorn",
            "mesoclinic.wsgi:application",
        ],
        log=log,
        env={**os.environ, "PORT": str(port), "WEB_CONCURRENCY": str(WORKERS)},
    )  # fmt: skip
    try:
        processes.wait_until(lambda: _answers(port), child, log=log)
        yield port, log
    finally:
        processes.stop(child)


def new_session(staff_id: str) -> str:
    """A signed-in session, as the sign-in page leaves it; the key for the cookie."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.cached_db import SessionStore

    from mesoclinic.clinic.models import StaffMember

    staff = StaffMember.objects.get(pk=staff_id)
    session = SessionStore()
    session[SESSION_KEY] = str(staff.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
    session["started_at"] = session["seen_at"] = time.time()
    session.create()
    return str(session.session_key)


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def working_folder() -> tempfile.TemporaryDirectory[str]:
    """A place for static files and logs, removed afterwards."""
    return tempfile.TemporaryDirectory(prefix="mesoclinic-bench-")


@contextmanager
def _smtp_sink() -> Iterator[int]:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.smtpsink"], stdout=subprocess.PIPE, cwd=_ROOT
    )
    try:
        assert child.stdout is not None
        yield int(child.stdout.readline())
    finally:
        child.terminate()
        child.wait(10)
        if child.stdout:
            child.stdout.close()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            return b" 200 " in connection.recv(200)
    except OSError:
        return False
