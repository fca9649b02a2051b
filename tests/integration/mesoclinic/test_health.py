"""/healthz and /readyz tell a monitor what it needs to know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from mesoclinic.common import health
from mesoclinic.health import heartbeat

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _only_builtin_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_checks", {})


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_process_answers_without_database(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert "no-store" in answer["Cache-Control"]


def test_ready_once_a_worker_has_reported(client: Client, clock: Any) -> None:
    heartbeat()

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert set(answer.json()["checks"]) == {"database", "redis", "worker"}
    assert answer.json()["checks"]["worker"] == {"ok": True, "detail": "last seen 0 s ago"}


def test_not_ready_before_the_first_report(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["checks"]["worker"]["ok"] is False
    assert answer.json()["checks"]["database"]["ok"] is True


@pytest.mark.parametrize(("silent", "status"), [(120, 200), (121, 503)])
def test_silent_worker(client: Client, clock: Any, silent: int, status: int) -> None:
    heartbeat()
    clock.shift(timedelta(seconds=silent))

    assert client.get("/readyz").status_code == status


def test_apps_add_their_own_checks(client: Client, clock: Any) -> None:
    heartbeat()
    seen: list[datetime] = []

    def oldest_message(now: datetime) -> health.Health:
        seen.append(now)
        return health.Health(ok=False, detail="oldest due message waits 900 s")

    health.register("messages", oldest_message)
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["messages"]["detail"] == "oldest due message waits 900 s"
    assert seen == [NOW]
    health.unregister("messages")
    assert client.get("/readyz").status_code == 200


def test_broken_check_is_not_ready_and_keeps_its_reason_private(client: Client) -> None:
    def broken(_now: datetime) -> health.Health:
        raise RuntimeError("password=secret")

    health.register("broken", broken)
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert b"secret" not in answer.content


def test_dead_database_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("gone")

    monkeypatch.setattr("mesoclinic.health.connection.cursor", fail)

    assert client.get("/readyz").json()["checks"]["database"]["ok"] is False


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405
