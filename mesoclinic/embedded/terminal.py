"""What the embedded services say to the person at the terminal."""

from __future__ import annotations

import sys


def say(text: str = "") -> None:
    """One line (or more) on standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    """One line (or more) on standard error, at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
