"""The site as gunicorn serves it in the race, sound or with a planted bug (RACE_BUG).

`no_lock`: nobody waits for anybody, and the gap before the insert is wide. The test drops the
constraints beside it (`no_constraint`), or leaves them to hold alone.
"""

from __future__ import annotations

import os
import time

from mesoclinic.wsgi import application
from scheduling.models import Appointment
from scheduling.services import booking, locking
from scheduling.services.locking import Parties
from scheduling.views import online

__all__ = ["application"]

# One machine plays all callers.
online.LIMITS.update(dict.fromkeys(online.LIMITS, (10**9, 3600)))
online.too_often = lambda *_args: False  # type: ignore[attr-defined]

if os.environ.get("RACE_BUG") == "no_lock":
    insert = booking.save

    def _no_lock(parties: Parties) -> None:
        """Nobody waits for anybody."""

    def slowly(appointments: list[Appointment]) -> None:
        """The insert, after everybody else has looked too."""
        time.sleep(0.05)
        insert(appointments)

    booking.save = slowly
    locking.lock_parties = _no_lock
