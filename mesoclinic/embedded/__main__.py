"""``python -m mesoclinic.embedded run``: the command behind `make run`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys

from mesoclinic.embedded.errors import EmbeddedError
from mesoclinic.embedded.layout import project_layout
from mesoclinic.embedded.processes import FileLock, die_with_parent
from mesoclinic.embedded.terminal import say, warn
from mesoclinic.environment import load_env_file


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mesoclinic.embedded", description=__doc__)
    parser.add_argument("command", choices=["run", "clean"])
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when the calling program ends"
    )
    options = parser.parse_args()
    load_env_file()
    if options.with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())
    try:
        return _run() if options.command == "run" else _clean()
    except EmbeddedError as error:
        warn(str(error))
        return 1


def _run() -> int:
    from mesoclinic.embedded import supervisor  # needs psycopg2, which `clean` may lack

    return supervisor.run()


def _clean() -> int:
    """Remove the embedded services' data: the demo, its mail and its secret key."""
    layout = project_layout()
    if FileLock(layout.lock_file).is_taken():
        raise EmbeddedError("MesoClinic is running; stop it before cleaning.")
    for folder in (layout.sockets, layout.data, layout.home):
        shutil.rmtree(folder, ignore_errors=True)
    say("The demo data is removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
