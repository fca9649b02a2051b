"""One dispatcher process of the benchmark: does what the Celery task does, once, and reports."""

from __future__ import annotations

import gc
import json
import sys
import time

import django


def main() -> None:
    """Wait for "go" on the input, send everything that is due, print the report as JSON."""
    django.setup()
    from django.db import connection
    from django.urls import reverse
    from django.utils import timezone

    from aftercare.services import dispatch
    from aftercare.services.transport import SmtpTransport

    # A worker that has run for a while has all this behind it.
    connection.ensure_connection()
    reverse("today")
    gc.collect()
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    started = time.time()
    with SmtpTransport() as transport:
        report = dispatch.dispatch_due(clock=timezone.now, transport=transport)
    ended = time.time()
    states = {str(state): count for state, count in report.states.items()}
    sys.stdout.write(json.dumps({"started": started, "ended": ended, "states": states}))


if __name__ == "__main__":
    main()
