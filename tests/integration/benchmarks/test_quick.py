"""`make bench` in small, as a whole: services, data set, web server, every row, the table."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.peers import ROWS

ROOT = Path(__file__).resolve().parent.parent.parent.parent
_OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY", "EMAIL_URL")


@pytest.mark.slow
def test_every_row_is_measured() -> None:
    """The rows assert by themselves that the product's answers are right; figures mean nothing here."""
    clean = {name: value for name, value in os.environ.items() if name not in _OURS}
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick"],
        cwd=ROOT, env=clean, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    for row in ROWS.values():
        assert re.search(rf"^\| {re.escape(row.label)} +\| [\d.]+ ", done.stdout, re.MULTILINE), (
            f"no figure for {row.label!r}"
        )
