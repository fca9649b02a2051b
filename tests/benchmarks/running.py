"""From the data set to the figures. Imported once Django is set up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import psycopg2
from django.utils import timezone

from tests.benchmarks import harness, report, world
from tests.benchmarks.rows import ROWS
from tests.benchmarks.stage import Stage


@dataclass(frozen=True)
class Size:
    """How many patients, and how often things are done."""

    patients: int
    plan: harness.Plan


FULL = Size(100_000, harness.Plan())
QUICK = Size(1_000, harness.Plan(repeat=3, bookings=8, contested=2, messages=200))


def build(size: Size) -> world.World:
    """Fill the database."""
    return world.build(size.patients, timezone.now())


def bench(stage: Stage, data: world.World, size: Size, *, profile: bool = False) -> harness.Bench:
    """Everything the rows need."""
    connection = psycopg2.connect(stage.dsn)
    connection.autocommit = True
    return harness.Bench(stage, data, replace(size.plan, profile=profile), connection)


def run(
    bench: harness.Bench, wanted: Sequence[str], say: Callable[..., None]
) -> list[harness.Figure]:
    """The figures of `wanted` rows (all if empty), in the order of the table."""
    unknown = set(wanted) - set(ROWS)
    if unknown:
        raise SystemExit(f"Unknown rows: {', '.join(sorted(unknown))}. Known: {', '.join(ROWS)}.")
    figures: list[harness.Figure] = []
    for name, measure in ROWS.items():
        if wanted and name not in {"empty", *wanted}:
            continue
        found = measure(bench)
        for figure in found:
            say(f"  {figure.key}: {figure.value:.2f} {figure.note}")
            if text := bench.profiles.pop(figure.key, ""):
                say(text)
        figures += found
    return figures


table = report.table
