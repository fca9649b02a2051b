"""`python -m tests.benchmarks [ROW…] [--quick] [--profile]`: build, measure, print."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.benchmarks import stage


def main(arguments: list[str] | None = None) -> int:
    """0 when every row was measured; a missed target is told, but is no failure of the run."""
    options = _options(arguments)
    with stage.working_folder() as name:
        folder = Path(name)
        with stage.services_up(folder) as (dsn, smtp_port):
            from tests.benchmarks import running  # needs Django set up

            say("Making tables and collecting static files …")
            stage.prepare()
            size = running.QUICK if options.quick else running.FULL
            started = time.monotonic()
            say(f"Loading {size.patients:,} patients and half a year of visits …")
            world = running.build(size)
            say(f"  done in {time.monotonic() - started:.0f} s")
            with stage.web(folder) as (port, log):
                place = stage.Stage(port, smtp_port, dsn, log)
                bench = running.bench(place, world, size, profile=options.profile)
                figures = running.run(bench, options.rows, say)
    say("", running.table(figures))
    return 0


def say(*lines: str) -> None:
    """To the terminal, at once."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="only these rows")
    parser.add_argument("--quick", action="store_true", help="a small data set, few repetitions")
    parser.add_argument(
        "--profile", action="store_true", help="print where each request's time goes"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
