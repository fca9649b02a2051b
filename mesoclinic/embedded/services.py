"""Start PostgreSQL and Valkey together, once per checkout or once per test run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mesoclinic.embedded.errors import EmbeddedError
from mesoclinic.embedded.layout import Layout, project_layout, throwaway_layout
from mesoclinic.embedded.postgres import Postgres
from mesoclinic.embedded.processes import FileLock
from mesoclinic.embedded.terminal import warn
from mesoclinic.embedded.valkey import Valkey

_THROWAWAY_PREFIX = "mesoclinic-test-"


@dataclass
class Services:
    """The two servers of one layout, behind a lock so that they run only once."""

    layout: Layout
    postgres: Postgres = field(init=False)
    valkey: Valkey = field(init=False)

    def __post_init__(self) -> None:
        self.postgres = Postgres(self.layout)
        self.valkey = Valkey(self.layout)
        self._lock = FileLock(self.layout.lock_file)

    def start(self, owner: str) -> None:
        """Take the lock as `owner` and start both.

        Raises:
            EmbeddedError: they run already, or one failed (nothing is left running then).
        """
        self.layout.create()
        if not self._lock.acquire(owner):
            raise EmbeddedError(
                "The embedded services of this checkout run already "
                f"(process {self._lock.owner()}). Stop that first, for example with Ctrl-C."
            )
        try:
            self.postgres.start()
            self.valkey.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both and free the lock. Harmless when nothing runs."""
        self.valkey.stop()
        self.postgres.stop()
        self._lock.release()

    def is_running(self) -> bool:
        """Whether some process (maybe another one) keeps them running."""
        return self._lock.is_taken()


def urls(layout: Layout) -> dict[str, str]:
    """The two addresses as environment variables."""
    return {"DATABASE_URL": layout.database_url, "REDIS_URL": layout.redis_url}


@contextmanager
def for_command(owner: str) -> Iterator[None]:
    """Give one command the checkout's services: the running ones, or its own for its length."""
    layout = project_layout()
    services = Services(layout)
    layout.create()
    users = FileLock(layout.home / "users")
    with ExitStack() as stack:
        stack.callback(users.release)
        if not services.is_running():
            warn("Starting the embedded PostgreSQL and Redis for this command.")
            services.start(owner)
            stack.callback(services.stop)
            # A second command may be using what we started: let it finish first.
            stack.callback(users.wait_alone)
        users.share()
        yield


@contextmanager
def throwaway(*, durable: bool = False) -> Iterator[Layout]:
    """Services for one test run, all removed at the end; `durable` keeps fsync on (benchmarks)."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_THROWAWAY_PREFIX, dir="/var/tmp"))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # the account the servers run as must be able to pass
    services = Services(replace(throwaway_layout(folder), durable=durable))
    try:
        services.start("tests")
        yield services.layout
    finally:
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if folder not in services.layout.sockets.parents:
            shutil.rmtree(services.layout.sockets, ignore_errors=True)


def _sweep() -> None:
    """Remove what killed test runs of ours left behind."""
    for folder in Path("/var/tmp").glob(f"{_THROWAWAY_PREFIX}*"):  # noqa: S108
        lock = FileLock(folder / "home" / "lock")
        try:
            ours = folder.lstat().st_uid == os.geteuid()
            if ours and (folder / "home" / "lock").exists() and not lock.is_taken():
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
