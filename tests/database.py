"""What the test database needs that a real one must not have."""

from __future__ import annotations

from django.db import connection


def allow_flush() -> None:
    """Let a transactional test empty the record between two tests (TRUNCATE is refused otherwise)."""
    with connection.cursor() as cursor:
        for table, trigger in _truncate_triggers():
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER "{trigger}"')


def _truncate_triggers() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname LIKE 'pgtrigger_no_truncate%'"
        )
        return [(str(table), str(trigger)) for table, trigger in cursor.fetchall()]


def close_strays() -> None:
    """End sessions that a stopped server or thread of a test has left in the test database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
