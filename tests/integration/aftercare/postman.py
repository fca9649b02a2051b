"""The dispatcher as a process of its own, to be killed.

A process that starts for this alone takes three seconds to import everything. So one of them waits
with all imported and without a connection, and each postman is its fork.
"""

from __future__ import annotations

import datetime as dt
import logging
import multiprocessing
from multiprocessing.context import ForkServerProcess

import django
from django.conf import settings
from django.db import connection

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "aftercare.services.dispatch"])
django.setup()


def start(at: dt.datetime, address: tuple[str, int]) -> ForkServerProcess:
    """Run the postman on the database of this test against the server at `address`.

    The clock stands still at `at`.
    """
    database = str(connection.settings_dict["NAME"])
    process = _CONTEXT.Process(target=_work, args=(at, address, database), daemon=True)
    process.start()
    return process


def _work(at: dt.datetime, address: tuple[str, int], database: str) -> None:
    """Send everything that is due at the given instant."""
    from aftercare.services import dispatch
    from aftercare.services.transport import SmtpTransport

    logging.disable(logging.WARNING)
    connection.settings_dict["NAME"] = database
    settings.EMAIL_HOST, settings.EMAIL_PORT = address
    settings.EMAIL_TIMEOUT = 5
    with SmtpTransport() as transport:
        dispatch.dispatch_due(clock=lambda: at, transport=transport)
