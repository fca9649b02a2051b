"""A wrong setting stops the start and says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from mesoclinic.environment import BY_NAME, Environment, load_env_file

PROJECT = Path(__file__).resolve().parents[3]
GOOD = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP",
    "DATABASE_URL": "postgres://u:p@db/x",
    "REDIS_URL": "redis://redis:6379/0",
}


def test_defaults_hold_where_nothing_is_set() -> None:
    env = Environment(GOOD)

    assert env.text("BASE_URL") == "http://localhost:8000"
    assert env.number("EMAIL_TIMEOUT") == 10
    assert env.flag("DEBUG") is False
    assert env.items("ALLOWED_HOSTS") == []


def test_empty_counts_as_unset() -> None:
    env = Environment({**GOOD, "PORT": "", "BASE_URL": "", "EMAIL_URL": ""})

    assert env.number("PORT") == 8000
    assert env.text("EMAIL_URL") == "smtp://localhost:25"


def test_lists_lose_blanks() -> None:
    assert Environment({**GOOD, "ALLOWED_HOSTS": " a.example ,,b.example"}).items(
        "ALLOWED_HOSTS"
    ) == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is missing"),
        ("SECRET_KEY", "short", "SECRET_KEY is too weak"),
        ("SECRET_KEY", "a" * 60, "SECRET_KEY is too weak"),
        ("DATABASE_URL", "", "DATABASE_URL is missing"),
        ("DATABASE_URL", "mysql://u@db/x", "postgres://"),
        ("REDIS_URL", "memcached://x", "redis://"),
        ("EMAIL_URL", "localhost:25", "smtp://"),
        ("EMAIL_TIMEOUT", "soon", "whole number"),
        ("DEBUG", "perhaps", "true or false"),
        ("BASE_URL", "clinic.example", "https://"),
    ],
)
def test_wrong_value_is_named_with_help(name: str, value: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        Environment({**GOOD, name: value})

    assert words in str(error.value)
    assert BY_NAME[name].help in str(error.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        Environment({"DEBUG": "perhaps"})

    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DEBUG"):
        assert name in str(error.value)


def test_debug_is_refused_on_a_public_site() -> None:
    with pytest.raises(ImproperlyConfigured, match="DEBUG must be off"):
        Environment({**GOOD, "DEBUG": "true", "BASE_URL": "https://clinic.example"})


def test_undeclared_variable_cannot_be_read() -> None:
    with pytest.raises(KeyError):
        Environment(GOOD).text("NO_SUCH_VARIABLE")


def test_env_file_fills_gaps_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=DEBUG\nEMAIL_TIMEOUT=3\n")
    monkeypatch.setenv("ENV_FILE", ".env")
    monkeypatch.setenv("EMAIL_TIMEOUT", "7")
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    monkeypatch.delenv("LOG_LEVEL")

    load_env_file(tmp_path)

    assert os.environ["LOG_LEVEL"] == "DEBUG"
    assert os.environ["EMAIL_TIMEOUT"] == "7"


@pytest.mark.parametrize(
    "changes",
    [
        {"SECRET_KEY": ""},
        {"REDIS_URL": ""},
        {"LOG_FORMAT": "xml"},
    ],
)
def test_start_ends_with_the_name_and_no_traceback(changes: dict[str, str]) -> None:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": "", **GOOD, **changes}

    result = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert next(iter(changes)) in result.stderr
    assert "Traceback" not in result.stderr


_SHOW = """
from mesoclinic import settings as s
print(s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0,
      s.ALLOWED_HOSTS[0], s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_USE_TLS, s.EMAIL_USE_SSL,
      s.EMAIL_HOST_PASSWORD, s.CELERY_BROKER_URL, sep="|")
"""


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (
            {"BASE_URL": "https://clinic.example", "EMAIL_URL": "smtp+tls://me:p%40ss@mx.example"},
            "True|True|True|clinic.example|mx.example|587|True|False|p@ss|redis://redis:6379/0",
        ),
        (
            {"EMAIL_URL": "smtps://mx.example", "REDIS_URL": "unix:///run/v.sock?db=3"},
            (
                "False|False|False|localhost|mx.example|465|False|True||"
                "redis+socket:///run/v.sock?virtual_host=3"
            ),
        ),
    ],
)
def test_settings_follow_the_environment(changes: dict[str, str], shown: str) -> None:
    result = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _SHOW],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", **GOOD, **changes},
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout.strip() == shown
