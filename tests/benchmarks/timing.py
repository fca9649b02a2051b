"""How long things take: repeated, sorted, never averaged away."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Samples in milliseconds."""

    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half take longer."""
        return statistics.median(self.samples)

    @property
    def p95(self) -> float:
        """One in twenty takes longer."""
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def measure(action: Callable[[int], object], *, repeat: int, warm_up: int = 3) -> Timing:
    """Time `action(number)` again and again; the first `warm_up` calls don't count."""
    samples = []
    for number in range(-warm_up, repeat):
        started = time.perf_counter()
        action(number + warm_up)
        elapsed = time.perf_counter() - started
        if number >= 0:
            samples.append(elapsed * 1000)
    return Timing(tuple(samples))


def together(actions: Sequence[Callable[[], object]]) -> float:
    """Run all at once, each in a thread of its own; seconds until the last is done.

    The first exception of any of them is raised here.
    """
    gate = threading.Barrier(len(actions) + 1)
    failures: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        gate.wait()
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    if failures:
        raise failures[0]
    return elapsed
