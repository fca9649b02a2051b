"""`make check`: every static gate, one after the other, all of them even when one fails."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from mesoclinic import embedded
from mesoclinic.embedded import services
from mesoclinic.embedded.terminal import say

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("mesoclinic", "patients", "treatments", "scheduling", "aftercare", "tests", "manage.py")
_PRODUCTION = {
    "BASE_URL": "https://clinic.example",
    "EMAIL_URL": "smtps://mail.clinic.example",
    "DEBUG": "false",
}


def gates() -> dict[str, tuple[list[str], dict[str, str]]]:
    """Name → command and the environment variables it needs beyond ours."""
    python = [sys.executable]
    tool = str(Path(sys.executable).parent)
    return {
        "style": ([f"{tool}/ruff", "check", "-q", "."], {}),
        "layout": ([f"{tool}/ruff", "format", "-q", "--check", "."], {}),
        "layers": ([f"{tool}/lint-imports"], {}),
        "types": ([*python, "-m", "mypy", *PACKAGES], {}),
        "migrations": ([*python, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
        "deployment": (
            [*python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            _PRODUCTION,
        ),
        "schema": (
            [
                *python,
                "manage.py",
                "spectacular",
                "--validate",
                "--fail-on-warn",
                "--file",
                os.devnull,
            ],
            {},
        ),
        "templates": ([*python, "-m", "tests.checks", "templates"], {}),
    }


def run_gates() -> int:
    """Run all; prints the output of those that fail. Returns the exit code."""
    environment = {**os.environ, "ENV_FILE": "", "SECRET_KEY": secrets.token_urlsafe(64)}
    failed = []
    for name, (command, extra) in gates().items():
        started = time.monotonic()
        result = subprocess.run(  # noqa: S603 - fixed commands
            command,
            cwd=PROJECT,
            env={**environment, **extra},
            capture_output=True,
            text=True,
            check=False,
        )
        verdict = "ok" if result.returncode == 0 else "FAILED"
        say(f"{name:<12} {verdict:<7} {time.monotonic() - started:5.1f} s")
        if result.returncode != 0:
            failed.append(name)
            say(result.stdout + result.stderr)
    say(f"make check: {', '.join(failed)} failed" if failed else "make check: all is well")
    return 1 if failed else 0


def check_templates() -> int:
    """The template gate, in a process with Django set up."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "mesoclinic.settings"
    import django

    django.setup()
    from tests import templatelint

    problems = templatelint.problems()
    say("\n".join(problems))
    return 1 if problems else 0


def main() -> int:
    if sys.argv[1:] == ["templates"]:
        return check_templates()
    with ExitStack() as stack:
        if embedded.is_wanted():
            os.environ.update(services.urls(stack.enter_context(services.throwaway())))
        return run_gates()


if __name__ == "__main__":
    sys.exit(main())
