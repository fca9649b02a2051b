"""The whole of `make run`: every part up, served as on a server, stopped cleanly, repaired."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from mesoclinic import embedded
from mesoclinic.embedded import processes
from mesoclinic.embedded.layout import project_layout

PROJECT = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not embedded.is_installed(), reason="requirements-embedded.txt is not installed"
    ),
]


class Run:
    """One `make run` on data of its own; start it, ask it, stop it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.output = folder, port, folder.with_suffix(".log")
        keep = ("PATH", "HOME", "LANG")
        self.env = {name: os.environ[name] for name in keep if name in os.environ}
        self.env |= {
            "EMBEDDED_DIR": str(folder),
            "PORT": str(port),
            "SMTP_PORT": str(free_port()),
            "LOAD_DEMO": "false",
            "ENV_FILE": "",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mesoclinic.embedded", "run"],
                cwd=PROJECT,
                env=self.env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        processes.wait_until(
            lambda: "Stop with Ctrl-C" in self.said(), self.process, log=self.output, seconds=300
        )

    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str) -> tuple[int, str, dict[str, str]]:
        """Status, body and headers of an answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                return answer.status, answer.read().decode(errors="replace"), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), dict(error.headers)

    def mail(self, subject: str) -> None:
        """Send a message to the local mail server."""
        message = EmailMessage()
        message["Subject"], message["From"] = subject, "a@example.com"
        message["To"] = "b@example.com"
        message.set_content("Hello")
        with smtplib.SMTP("127.0.0.1", int(self.env["SMTP_PORT"])) as client:
            client.send_message(message)

    def end(self, sig: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(sig)
        return self.process.wait(60)

    def survivors(self) -> list[str]:
        """Command lines of processes that still use our data, after a grace of 20 s."""
        deadline = time.monotonic() + 20
        while (found := self._found()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _found(self) -> list[str]:
        marker = f"EMBEDDED_DIR={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdecimal() and marker in (entry / "environ").read_bytes():
                    found.append(" ".join(processes.command_line(int(entry.name))))
            except OSError:
                continue
        return found


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Started once for this module; the last test ends it."""
    started = Run(Path(f"/var/tmp/mesoclinic-run-{os.getpid()}"), free_port())
    before = os.environ.get("EMBEDDED_DIR")
    os.environ["EMBEDDED_DIR"] = str(started.folder)
    layout = project_layout()
    os.environ.pop("EMBEDDED_DIR")
    if before is not None:
        os.environ["EMBEDDED_DIR"] = before
    try:
        started.start()
        yield started
    finally:
        if started.process and started.process.poll() is None:
            started.end(signal.SIGTERM)
        for folder in (layout.sockets, layout.data, layout.home):
            shutil.rmtree(folder, ignore_errors=True)
        started.output.unlink(missing_ok=True)


def test_everything_answers(run: Run) -> None:
    for address in (f"http://localhost:{run.port}/", "/dev/mail/", "/api/docs/", "/admin/"):
        assert address in run.said()
    assert run.get("/healthz")[0] == 200
    deadline = time.monotonic() + 45
    while run.get("/readyz")[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.5)
    status, body, _ = run.get("/readyz")
    assert (status, json.loads(body)["checks"]["worker"]["ok"]) == (200, True), body


def test_static_files_have_hashed_names_and_stay_cached(run: Run) -> None:
    _, page, headers = run.get("/accounts/login/")
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"]
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert addresses
    for address in addresses:
        status, _, headers = run.get(address)
        assert status == 200, address
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", address), address
        assert "immutable" in headers["Cache-Control"]


def test_mail_shows_in_the_inbox(run: Run) -> None:
    run.mail("Grüße")
    assert "Grüße" in run.get("/dev/mail/")[1]


def test_commands_find_the_running_services(run: Run) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        cwd=PROJECT,
        env=run.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Starting" not in result.stderr


def test_second_start_says_who_runs(run: Run) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "mesoclinic.embedded", "run"],
        cwd=PROJECT,
        env={**run.env, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"MesoClinic is running already http://localhost:{run.port}" in second.stderr


def test_taken_port_is_told(run: Run, tmp_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "mesoclinic.embedded", "run"],
        cwd=PROJECT,
        env={**run.env, "EMBEDDED_DIR": str(tmp_path / "other")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"Port {run.port} is taken" in second.stderr
    assert f"make run PORT={run.port + 1}" in second.stderr


def test_part_that_dies_is_started_again(run: Run) -> None:
    mail = [line for line in run._found() if "mailserver" in line]
    (pid,) = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and " ".join(processes.command_line(int(entry.name))) in mail
    ]
    os.kill(pid, signal.SIGKILL)

    deadline = time.monotonic() + 20
    while "mail is started again." not in run.said() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "mail ended by itself (code -9)" in run.said()
    assert "mail is started again." in run.said()
    while not answers(int(run.env["SMTP_PORT"])) and time.monotonic() < deadline:
        time.sleep(0.1)
    run.mail("Zurück")
    assert "Zurück" in run.get("/dev/mail/")[1]


def test_kill_9_then_a_fresh_start_then_ctrl_c(run: Run) -> None:
    run.mail("Übrig geblieben")
    run.end(signal.SIGKILL)
    assert run.survivors() == []

    run.start()
    assert "Übrig geblieben" in run.get("/dev/mail/")[1]

    assert run.end(signal.SIGINT) == 0
    assert "Everything is stopped." in run.said()
    assert run.survivors() == []
    assert not (run.folder / "state.json").exists()
