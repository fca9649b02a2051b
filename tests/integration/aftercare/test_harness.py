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
KILLS = max(MESSAGES // 200, 4)


def harness(messages: int, kills: int, bug: str = "") -> dict[str, Any]:
    """One run, in a process of its own."""
    command = [
        sys.executable, "-W", "ignore", "-m", "tests.integration.aftercare.harness",
        "--messages", str(messages), "--kills", str(kills),
    ]  # fmt: skip
    environment = os.environ | {"HARNESS_BUG": bug}
    run = subprocess.run(  # noqa: S603  (our own interpreter)
        command, env=environment, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def test_whatever_is_killed_nothing_is_lost_and_nothing_arrives_three_times() -> None:
    found = harness(MESSAGES, KILLS)
    assert found["lost"] == 0, found
    assert found["said_sent_but_did_not_arrive"] == 0, found
    assert found["most_copies"] <= 2, found
    assert found["after_cancelling"] == 0, found
    assert found["cancelled"] > 0, found
    assert found["left_over"] == found["strange"] == 0, found


def test_marking_before_sending_is_seen_to_lose_mail() -> None:
    found = harness(min(MESSAGES, 1000), max(KILLS // 5, 8), bug="mark-before-send")
    assert found["said_sent_but_did_not_arrive"] > 0, found
