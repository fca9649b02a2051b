"""`make run`: start every part of MesoClinic on this machine, watch them, stop them together."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from mesoclinic import embedded
from mesoclinic.embedded import processes
from mesoclinic.embedded.errors import EmbeddedError
from mesoclinic.embedded.layout import Layout, project_layout
from mesoclinic.embedded.services import Services
from mesoclinic.embedded.terminal import say, warn
from mesoclinic.environment import BY_NAME

_RESTARTS, _RESTART_WINDOW = 3, 60.0


class Stopped(BaseException):
    """Somebody asked us to stop: Ctrl-C, SIGTERM or a closed terminal."""


@dataclass
class Part:
    """One program we keep running. `start` returns its process."""

    name: str
    start: Callable[[], processes.Child]
    log: Path
    patience: float = 15.0
    signal: signal.Signals = signal.SIGTERM
    child: processes.Child | None = None
    restarts: deque[float] = field(default_factory=lambda: deque(maxlen=_RESTARTS))

    def stop(self) -> None:
        if self.child:
            processes.stop(self.child, sig=self.signal, patience=self.patience)
            self.child = None


class Supervisor:
    """Starts, watches and stops all parts; see :func:`run`."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.services = Services(layout)
        self.port = _number("PORT")
        self.base_url = os.environ.get("BASE_URL") or f"http://localhost:{self.port}"
        self.env = {**os.environ, "BASE_URL": self.base_url, "PYTHONUNBUFFERED": "1"}
        self.env.setdefault("LOG_FORMAT", "console")
        self.parts: list[Part] = []
        self.uses_embedded = embedded.is_wanted()

    def run(self) -> None:
        """Everything from the first check to the last stop; returns after :class:`Stopped`."""
        with ExitStack() as stack:
            stack.callback(self._stop)
            self._check_free()
            self.layout.create()
            if self.uses_embedded:
                say("Starting PostgreSQL and Redis")
                self.services.start("make run")
                self._adopt("PostgreSQL", self.services.postgres)
                self._adopt("Redis", self.services.valkey)
            else:
                say("Using the servers of DATABASE_URL and REDIS_URL")
            self._start_mail()
            self._write_state()
            self._prepare()
            self._start_programs()
            self._wait_for_web()
            self._greet()
            self._watch()

    # --- starting ------------------------------------------------------------------------------

    def _check_free(self) -> None:
        if self.uses_embedded and self.services.is_running():
            where = self.layout.state().get("BASE_URL", "")
            raise EmbeddedError(
                f"MesoClinic is running already {where} "
                f"(process {processes.FileLock(self.layout.lock_file).owner()}). Stop it first."
            )
        # After a kill -9 the old web server needs a moment to let go of the port.
        deadline = time.monotonic() + (8 if self.layout.state_file.exists() else 0.5)
        while not _is_free(self.port):
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Port {self.port} is taken by another program. "
                    f"Choose another one, for example: make run PORT={self.port + 1}"
                )
            time.sleep(0.2)

    def _adopt(self, name: str, server: object) -> None:
        """Watch a server that `Services` has started; it also stops it, last of all."""

        def restart() -> processes.Child:
            server.start()  # type: ignore[attr-defined]
            return server.child  # type: ignore[attr-defined, no-any-return]

        self.parts.append(
            Part(name, restart, server.log, signal=signal.SIGINT, child=server.child)  # type: ignore[attr-defined]
        )

    def _start_mail(self) -> None:
        if os.environ.get("EMAIL_URL"):
            return
        port = _number("SMTP_PORT")
        while not _is_free(port):
            port = _free_port()
        maildir = self.layout.mail_dir
        self.env["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        self.env["MAIL_INBOX_DIR"] = str(maildir)
        self._add("mail", "mesoclinic.embedded.mailserver", str(port), str(maildir))

    def _start_programs(self) -> None:
        self._add("web", "gunicorn", "-c", "python:mesoclinic.gunicorn", "mesoclinic.wsgi")
        celery = ("celery", "-A", "mesoclinic.celery")
        quiet = ("--without-gossip", "--without-mingle")
        self._add("worker", *celery, "worker", "--loglevel=INFO", *quiet)
        self._add(
            "beat", *celery, "beat", "--scheduler=celery.beat.Scheduler", "--pidfile=",
            "--loglevel=INFO",
        )  # fmt: skip

    def _add(self, name: str, module: str, *arguments: str) -> None:
        log = self.layout.home / f"{name}.log"

        def start() -> processes.Child:
            return processes.spawn(
                [sys.executable, "-m", module, *arguments], log=log, env=self.env
            )

        part = Part(name, start, log)
        part.child = part.start()
        self.parts.append(part)

    def _write_state(self) -> None:
        names = ("BASE_URL", "EMAIL_URL", "MAIL_INBOX_DIR")
        state = {name: self.env[name] for name in names if self.env.get(name)}
        self.layout.state_file.write_text(json.dumps({"pid": os.getpid(), **state}))

    def _prepare(self) -> None:
        say("Preparing database and pages")
        child = processes.spawn([sys.executable, "-m", "mesoclinic.embedded.prepare"], env=self.env)
        try:
            code = child.wait()
        finally:
            processes.stop(child)
        if code != 0:
            raise EmbeddedError("Preparing the database failed; the reason stands above.")

    def _wait_for_web(self) -> None:
        web = next(part for part in self.parts if part.name == "web")
        assert web.child is not None  # noqa: S101 - _add has started it
        processes.wait_until(lambda: _answers(self.port), web.child, log=web.log)

    def _greet(self) -> None:
        lines = ["", "MesoClinic is running:", f"  web          {self.base_url}/"]
        if self.env.get("MAIL_INBOX_DIR"):
            lines.append(f"  mail inbox   {self.base_url}/dev/mail/")
        lines.append(f"  API docs     {self.base_url}/api/docs/")
        lines.append(f"  admin        {self.base_url}/admin/")
        lines.append(f"  logs         {self.layout.home}/*.log")
        accounts = self.layout.home / "accounts.txt"
        if self.uses_embedded and accounts.is_file():
            lines += ["", *accounts.read_text().rstrip().splitlines()]
        lines += ["", "Stop with Ctrl-C."]
        say("\n".join(lines))

    # --- watching and stopping -----------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            time.sleep(0.3)
            for part in self.parts:
                if part.child is None or part.child.poll() is not None:
                    self._restart(part)

    def _restart(self, part: Part) -> None:
        code = part.child.returncode if part.child else "?"
        warn(f"{part.name} ended by itself (code {code}). Its last lines:")
        warn(processes.tail(part.log))
        now = time.monotonic()
        if len(part.restarts) == _RESTARTS and now - part.restarts[0] < _RESTART_WINDOW:
            raise EmbeddedError(f"{part.name} keeps ending; see {part.log}. Stopping everything.")
        part.restarts.append(now)
        part.child = part.start()
        warn(f"{part.name} is started again.")

    def _stop(self) -> None:
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)  # once is enough; each stop has a time limit
        if self.parts:
            say("Stopping")
        servers = {self.services.postgres.child, self.services.valkey.child} - {None}
        programs = [part for part in self.parts if part.child not in servers]
        for part in programs:  # all at once, then wait for each
            if part.child and part.child.poll() is None:
                part.child.send_signal(part.signal)
        for part in programs:
            part.stop()
        self.services.stop()
        if self.layout.state().get("pid") == str(os.getpid()):
            self.layout.state_file.unlink(missing_ok=True)
        if self.parts:
            say("Everything is stopped.")


def run() -> int:
    """Run until somebody stops it. Returns the exit code of the process."""
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, _raise_stopped)
    try:
        Supervisor(project_layout()).run()
    except Stopped:
        return 0
    except EmbeddedError as error:
        warn(f"make run: {error}")
        return 1
    return 0


def _raise_stopped(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


def _number(name: str) -> int:
    value = os.environ.get(name) or BY_NAME[name].default or "0"
    if problem := BY_NAME[name].problem(value):
        raise EmbeddedError(problem)
    return int(value)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    address = f"http://127.0.0.1:{port}/healthz"
    with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return bool(answer.status == 200)
    return False
