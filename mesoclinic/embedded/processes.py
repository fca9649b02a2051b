"""Start and stop child processes that never outlive us."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from mesoclinic.embedded.errors import EmbeddedError
from mesoclinic.embedded.layout import Account
from mesoclinic.embedded.terminal import warn

_PR_SET_PDEATHSIG = 1
_LOG_LIMIT = 5_000_000

Child = subprocess.Popen[bytes]


def die_with_parent(sig: signal.Signals, parent: int) -> None:
    """Ask Linux to send us `sig` when `parent` ends, even by kill -9. No-op elsewhere."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel knew
        os.kill(os.getpid(), sig)


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path | None = None,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start `command` in a session of its own, so that Ctrl-C reaches only the supervisor.

    Output goes to `log` (appended; emptied past 5 MB) or to our own output. With a dropped
    `account` the child gives root up before it runs. It gets `death_signal` when we die.
    """
    parent = os.getpid()
    dropped = account is not None and account.dropped
    stream = _open_log(log) if log else None
    try:
        return subprocess.Popen(  # noqa: S603 - fixed commands, no shell
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT if stream else None,
            cwd="/" if dropped else None,
            env=dict(env) if env is not None else None,
            user=account.uid if account and dropped else None,
            group=account.gid if account and dropped else None,
            extra_groups=[] if dropped else None,
            start_new_session=True,
            # After the change of user, which would clear the parent-death signal.
            preexec_fn=lambda: die_with_parent(death_signal, parent),
        )
    except PermissionError as error:
        raise EmbeddedError(f"{command[0]} cannot be started: {error.strerror}.") from error
    finally:
        if stream:
            stream.close()


def _open_log(path: Path) -> IO[bytes]:
    mode = "wb" if path.exists() and path.stat().st_size > _LOG_LIMIT else "ab"
    return path.open(mode)


def run_as(account: Account, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a short command as `account` and return its result; never raises on a bad exit code.

    Raises:
        PermissionError: the account cannot execute the program.
    """
    return subprocess.run(  # noqa: S603 - fixed commands, no shell
        [os.fspath(part) for part in command],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        stdin=subprocess.DEVNULL,
        user=account.uid if account.dropped else None,
        group=account.gid if account.dropped else None,
        extra_groups=[] if account.dropped else None,
    )


def stop(child: Child, *, sig: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> None:
    """Send `sig`, wait `patience` seconds, then kill the child's whole session."""
    if child.poll() is None:
        child.send_signal(sig)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            warn(f"  process {child.pid} does not stop; killing it")
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(5)


def wait_until(ready: Callable[[], bool], child: Child, *, log: Path, seconds: float = 60) -> None:
    """Poll `ready` until it holds.

    Raises:
        EmbeddedError: the child ended or time ran out; carries the end of its log.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if child.poll() is not None or time.monotonic() > deadline:
            raise EmbeddedError(f"{child.args!r} did not start. Its last lines:\n{tail(log)}")
        time.sleep(0.02)


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log file, indented."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return "    (no log)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def wait_for_exit(pid: int, seconds: float) -> bool:
    """Whether a process that may not be our child has ended within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    return not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Whether `pid` runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state != "Z"


def command_line(pid: int) -> list[str]:
    """The arguments of a running process; [] where they cannot be read."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(part) for part in raw.split(b"\0") if part]


class FileLock:
    """An advisory lock on a file, freed by the kernel however we end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self, owner: str) -> bool:
        """Try to take the lock for ourselves and note `owner` in the file; False if taken."""
        for _ in range(10):  # a passing `is_taken` of somebody else may hold it for an instant
            if self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
                break
            time.sleep(0.03)
        else:
            return False
        if self._file:
            self._file.truncate(0)
            self._file.seek(0)
            self._file.write(f"{os.getpid()} {owner}\n")
            self._file.flush()
        return True

    def share(self) -> bool:
        """Take it together with other sharers; False while somebody has it alone."""
        return self._lock(fcntl.LOCK_SH | fcntl.LOCK_NB)

    def wait_alone(self) -> None:
        """Wait until nobody else shares it."""
        self._lock(fcntl.LOCK_EX)

    def _lock(self, operation: int) -> bool:
        if self._file is None:
            self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, operation)
        except BlockingIOError:
            self.release()
            return False
        return True

    def owner(self) -> str:
        """Who noted themselves last, as "pid text"."""
        try:
            return self._path.read_text().strip()
        except OSError:
            return ""

    def is_taken(self) -> bool:
        """Whether another process (or another FileLock of ours) has it alone."""
        if not self._path.exists():
            return False
        probe = FileLock(self._path)
        free = probe.share()
        probe.release()
        return not free

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
