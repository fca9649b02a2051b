"""How long a sign-in lasts: 15 idle minutes, 12 hours in all (settings). Pure arithmetic."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

STARTED = "started_at"
SEEN = "seen_at"


@dataclass(frozen=True)
class Limits:
    """`idle` since the last activity, `absolute` since sign-in; activity is stored at most
    every `grain`, so a request reads a session but seldom writes it."""

    idle: dt.timedelta
    absolute: dt.timedelta
    grain: dt.timedelta


def end_reason(started: float, seen: float, now: float, limits: Limits) -> str | None:
    """Why a session is over at `now` ("idle", "absolute"), or None. All in Unix seconds.

    `seen` may lag by up to `grain` behind the truth; that is added so nobody loses minutes.
    """
    if now - started >= limits.absolute.total_seconds():
        return "absolute"
    if now - seen >= (limits.idle + limits.grain).total_seconds():
        return "idle"
    return None


def is_stale(seen: float, now: float, limits: Limits) -> bool:
    """True when the stored time of the last activity should be written again."""
    return now - seen >= limits.grain.total_seconds()
