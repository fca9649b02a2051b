"""The harness of the booking race: real threads, each on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import OperationalError, close_old_connections, connection

from scheduling.exceptions import SlotTaken
from scheduling.models import Appointment

CLIENTS = 20


@dataclass
class Tally:
    """What the threads met. `broken` holds everything that is neither a visit nor a refusal."""

    booked: list[Appointment] = field(default_factory=list)
    refused: list[SlotTaken] = field(default_factory=list)
    deadlocks: list[OperationalError] = field(default_factory=list)
    broken: list[BaseException] = field(default_factory=list)


def run(attempts: Sequence[Callable[[], Appointment]], workers: int = CLIENTS) -> Tally:
    """Let all attempts loose at the same moment and count."""
    tally = Tally()
    guard = threading.Lock()
    start = threading.Barrier(workers)

    def attempt(action: Callable[[], Appointment], index: int) -> None:
        close_old_connections()
        try:
            if index < workers:
                start.wait(timeout=30)
            _count(tally, guard, action)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(attempt, one, n) for n, one in enumerate(attempts)]:
            done.result()
    return tally


def _count(tally: Tally, guard: threading.Lock, action: Callable[[], Appointment]) -> None:
    try:
        booked = action()
    except SlotTaken as taken:
        with guard:
            tally.refused.append(taken)
    except OperationalError as error:
        with guard:
            tally.deadlocks.append(error)
    except Exception as error:  # noqa: BLE001 - everything else is a finding of the harness
        with guard:
            tally.broken.append(error)
    else:
        with guard:
            tally.booked.append(booked)


def overlaps() -> int:
    """Pairs of blocking visits that share a practitioner and time: what must never exist."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b "
            "ON a.id < b.id AND a.practitioner_id = b.practitioner_id "
            "AND a.occupies && b.occupies "
            "WHERE a.status NOT IN ('cancelled', 'no_show') "
            "AND b.status NOT IN ('cancelled', 'no_show')"
        )
        (count,) = cursor.fetchone()
    return int(count)
