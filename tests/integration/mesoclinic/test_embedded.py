"""The embedded services start, stop, survive kill -9, and stay out of other people's way."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import psycopg2
import pytest
import redis

from mesoclinic import embedded
from mesoclinic.devmail import maildir
from mesoclinic.embedded import processes, services
from mesoclinic.embedded.errors import EmbeddedError
from mesoclinic.embedded.layout import Account, Layout, private_folder, throwaway_layout
from mesoclinic.embedded.postgres import Postgres
from mesoclinic.embedded.processes import FileLock
from mesoclinic.embedded.services import Services

PROJECT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(
    not embedded.is_installed(), reason="requirements-embedded.txt is not installed"
)


@pytest.fixture
def layout() -> Iterator[Layout]:
    """Services of this test alone, in a short folder the servers' account can reach."""
    folder = Path(f"/var/tmp/mesoclinic-lifecycle-{os.getpid()}")
    folder.mkdir(mode=0o711)
    yield throwaway_layout(folder)
    shutil.rmtree(folder)


def _query(layout: Layout, sql: str) -> object:
    connection = psycopg2.connect(host=str(layout.sockets), user="meso", dbname="meso")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def _redis(layout: Layout) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(layout.redis_socket), decode_responses=True)


def _pids(layout: Layout) -> list[int]:
    """Every process whose command line names this layout's data."""
    marker = str(layout.data)
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [pid for pid in pids if any(marker in part for part in processes.command_line(pid))]


def test_start_stop_and_start_again_keeps_the_data(layout: Layout) -> None:
    first = Services(layout)
    first.start("test")
    _query(layout, "CREATE TABLE kept (word text)")
    _query(layout, "INSERT INTO kept VALUES ('Grüße')")
    assert _redis(layout).ping()
    assert first.is_running()
    first.stop()
    assert not first.is_running()
    assert _pids(layout) == []

    second = Services(layout)
    second.start("test")
    try:
        assert _query(layout, "SELECT word FROM kept") == ("Grüße",)
    finally:
        second.stop()


def test_servers_are_not_root_and_listen_on_no_port(layout: Layout) -> None:
    running = Services(layout)
    running.start("test")
    try:
        for pid in _pids(layout):
            assert Path(f"/proc/{pid}").stat().st_uid == Account.current().uid != 0
        assert _query(layout, "SHOW listen_addresses") == ("",)
        assert _redis(layout).config_get("port") == {"port": "0"}
        assert layout.sockets.stat().st_mode & 0o077 == 0
    finally:
        running.stop()


def test_second_start_is_refused_with_who_runs(layout: Layout) -> None:
    running = Services(layout)
    running.start("the first one")
    try:
        with pytest.raises(EmbeddedError, match=f"{os.getpid()} the first one"):
            Services(layout).start("the second one")
        assert _redis(layout).ping()
    finally:
        running.stop()


_STARTS_AND_SLEEPS = """
import sys, time
from pathlib import Path
from mesoclinic.embedded.layout import throwaway_layout
from mesoclinic.embedded.services import Services
Services(throwaway_layout(Path(sys.argv[1]))).start("victim")
print("up", flush=True)
time.sleep(60)
"""


def test_kill_9_of_the_parent_leaves_nothing_and_loses_nothing(layout: Layout) -> None:
    victim = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _STARTS_AND_SLEEPS, str(layout.home.parent)],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == b"up\n"
    _query(layout, "CREATE TABLE kept AS SELECT 1 AS one")
    assert _pids(layout) != []

    victim.kill()
    victim.wait()
    repaired = Services(layout)
    repaired.start("after the crash")  # at once: it waits for the old servers to go
    try:
        assert _query(layout, "SELECT one FROM kept") == (1,)
    finally:
        repaired.stop()
    victim.stdout.close()
    assert _gone(layout)


def _gone(layout: Layout) -> bool:
    deadline = time.monotonic() + 10
    while _pids(layout) and time.monotonic() < deadline:
        time.sleep(0.05)
    return _pids(layout) == []


def test_interrupted_first_start_is_repaired(layout: Layout) -> None:
    layout.create()
    half = layout.data / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("17")
    running = Services(layout)
    running.start("test")
    try:
        assert _query(layout, "SELECT 1") == (1,)
    finally:
        running.stop()


def test_data_of_another_version_is_left_alone(layout: Layout) -> None:
    layout.create()
    (layout.data / "postgres").mkdir()
    (layout.data / "postgres" / "PG_VERSION").write_text("12\n")

    with pytest.raises(EmbeddedError, match="made by PostgreSQL 12"):
        Services(layout).start("test")
    assert (layout.data / "postgres" / "PG_VERSION").read_text() == "12\n"
    assert not Services(layout).is_running()


def test_wrong_binaries_are_named(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    layout.create()
    monkeypatch.setenv("POSTGRES_BIN_DIR", "/nowhere")
    with pytest.raises(EmbeddedError, match="POSTGRES_BIN_DIR is /nowhere"):
        Postgres(layout).start()


def test_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(real)

    with pytest.raises(EmbeddedError, match="not a folder"):
        private_folder(tmp_path / "link", os.geteuid())
    with pytest.raises(EmbeddedError, match="belongs to another account"):
        private_folder(real, os.geteuid() + 1)
    private_folder(real, os.geteuid())
    assert real.stat().st_mode & 0o777 == 0o700


def test_secret_key_is_made_once_and_private(layout: Layout) -> None:
    first = layout.secret_key()

    assert len(first) >= 50
    assert layout.secret_key() == first
    assert (layout.home / "secret_key").stat().st_mode & 0o077 == 0


def test_long_or_odd_project_paths_get_short_sockets(tmp_path: Path) -> None:
    for name in ("x" * 90, "space in name", "ünïcode", "per%cent"):
        sockets = throwaway_layout(tmp_path / name).sockets
        assert len(str(sockets)) < 60
        assert sockets.is_relative_to("/tmp")
    short = throwaway_layout(Path("/var/tmp/short"))
    assert short.sockets == Path("/var/tmp/short/data/run")


def test_lock_is_shared_by_readers_and_kept_by_one_writer(tmp_path: Path) -> None:
    alone, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert not alone.is_taken()
    assert alone.acquire("me")
    assert other.is_taken()
    assert not other.share()
    assert other.owner() == f"{os.getpid()} me"
    alone.release()
    assert other.share()
    assert alone.share()
    other.release()
    alone.release()


def test_left_over_test_folders_are_swept() -> None:
    stale = Path(f"/var/tmp/mesoclinic-test-stale{os.getpid()}")
    (stale / "home").mkdir(parents=True)
    (stale / "home" / "lock").touch()

    services._sweep()

    assert not stale.exists()


def test_mail_server_fills_a_maildir(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "mail"
    server = processes.spawn(
        [sys.executable, "-m", "mesoclinic.embedded.mailserver", str(port), folder],
        log=tmp_path / "log",
    )
    try:
        processes.wait_until(lambda: _listens(port), server, log=tmp_path / "log")
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = "Grüße", "a@example.com", "b@example.com"
        mail.set_content("Hello")
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(mail)
    finally:
        processes.stop(server, sig=signal.SIGTERM)
    (summary,) = maildir.newest(folder)
    assert (summary.subject, summary.recipients) == ("Grüße", "b@example.com")
    assert server.returncode == 0


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
