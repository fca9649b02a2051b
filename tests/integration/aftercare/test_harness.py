"""The fault harness of delivery: 10,000 with `make test-slow`, a tenth with `make test-small`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.slow

MESSAGES = int(os.environ.get("HARNESS_MESSAGES", "1000"))
KILLS = max(MESSAGES // 200, 5)
BUG = "mark-before-send"


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, Any]]:
    """An honest round and one with the planted bug, in a process and a database of their own."""
    command = [
        sys.executable, "-W", "ignore", "-m", "tests.integration.aftercare.harness",
        "--messages", str(MESSAGES), "--kills", str(KILLS), "--rounds", "honest", BUG,
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  (our own)
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    sys.stdout.write(run.stdout.decode() + "\n")
    rounds: dict[str, dict[str, Any]] = json.loads(run.stdout.splitlines()[-1])
    return rounds


def test_whatever_is_killed_nothing_is_lost_and_nothing_arrives_three_times(
    found: dict[str, dict[str, Any]],
) -> None:
    honest = found["honest"]
    assert honest["lost"] == 0, honest
    assert honest["said_sent_but_did_not_arrive"] == 0, honest
    assert honest["most_copies"] <= 2, honest
    assert honest["after_cancelling"] == 0, honest
    assert honest["cancelled"] > 0, honest
    assert honest["left_over"] == honest["strange"] == 0, honest


def test_marking_before_sending_is_seen_to_lose_mail(found: dict[str, dict[str, Any]]) -> None:
    assert found[BUG]["said_sent_but_did_not_arrive"] > 0, found[BUG]
