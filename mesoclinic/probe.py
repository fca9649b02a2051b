"""Health check for containers: ``python -m mesoclinic.probe /healthz`` or ``… beat``.

Exit code 0 means healthy. Needs no curl in the image.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from pathlib import Path

from mesoclinic.environment import BY_NAME

_BEAT_SILENT_SECONDS = 120


def main(what: str) -> int:
    """Ask the web server for the path `what`, or look at BEAT_FILE for the word "beat"."""
    try:
        healthy = _beat() if what == "beat" else _web(what)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0 if healthy else 1


def _web(path: str) -> bool:
    port = os.environ.get("PORT") or BY_NAME["PORT"].default
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=4) as answer:
        return bool(answer.status == 200)


def _beat() -> bool:
    age = time.time() - Path(os.environ["BEAT_FILE"]).stat().st_mtime
    return age < _BEAT_SILENT_SECONDS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "/healthz"))
