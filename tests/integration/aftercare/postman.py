"""The dispatcher as a process of its own, to be killed.

    python -m tests.integration.aftercare.postman 2026-03-10T09:00:00+00:00

The environment names the database and the mail server. The clock stands still at the argument.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from urllib.parse import urlsplit

from django.db import connection


def start(at: dt.datetime, address: tuple[str, int]) -> subprocess.Popen[bytes]:
    """Run the postman on the database of this test against the server at `address`."""
    server = urlsplit(os.environ["DATABASE_URL"])
    database = server._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "mesoclinic.settings",
        "DATABASE_URL": database.geturl(),
        "EMAIL_URL": f"smtp://{address[0]}:{address[1]}",
        "EMAIL_TIMEOUT": "5",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-W", "ignore", "-m", __name__, at.isoformat()]
    return subprocess.Popen(command, env=environment)  # noqa: S603 - our own interpreter


def main() -> None:
    """Send everything that is due at the given instant."""
    import django

    django.setup()
    from aftercare.services import dispatch
    from aftercare.services.transport import SmtpTransport

    now = dt.datetime.fromisoformat(sys.argv[1])
    with SmtpTransport() as transport:
        dispatch.dispatch_due(clock=lambda: now, transport=transport)


if __name__ == "__main__":
    main()
