"""The test database: migrated once for all workers, and emptied fast between two tests."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction

# A worker's database comes with them, and no test writes there.
_KEPT = {"django_migrations", "django_content_type", "auth_permission"}


@contextmanager
def migrated_once(run: str) -> Iterator[None]:
    """Let the first of the workers of `run` migrate; the others start from a copy of its database.

    `run` is the same word for all workers of one run. Inside the block the test database is made.
    """
    template = _template(run)
    with _alone(template):
        there = _exists(template)
        if there:
            connection.settings_dict["TEST"]["TEMPLATE"] = template
        yield
        if not there:
            made = connection.settings_dict["NAME"]
            connection.close()
            _maintain(f'CREATE DATABASE "{template}" TEMPLATE "{made}"')


def forget(run: str) -> None:
    """Remove the copy that `migrated_once` has kept; a worker that comes later migrates itself."""
    template = _template(run)
    with _alone(template):
        _maintain(f'DROP DATABASE IF EXISTS "{template}"')


def empty() -> None:
    """Remove all rows that a transactional test has left; the account must be a superuser.

    Not TRUNCATE, as Django does: it makes new files for every table and index, which takes longer
    than most tests. The triggers rest meanwhile, since they keep the audit record from being emptied.
    """
    tables = sorted(set(connection.introspection.table_names()) - _KEPT)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("; ".join(f'DELETE FROM "{name}"' for name in tables))  # noqa: S608


def close_strays() -> None:
    """End sessions that a stopped server or thread of a test has left in the test database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _template(run: str) -> str:
    return f"test_template_{run[:12]}"


@contextmanager
def _alone(name: str) -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / f"mesoclinic_{name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _exists(name: str) -> bool:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def _maintain(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
