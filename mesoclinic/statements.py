"""SQL that PostgreSQL reads and plans once a connection, for what every booking or page asks.

Planning a short query may take ten times as long as carrying it out. A `Statement` is prepared on
its first use of a connection and only executed from then on. Connections must therefore stay with
their process: a pooler in front of PostgreSQL has to pool by session, not by transaction.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection, models

# A named place and, if one follows, its cast: `%(ids)s::uuid[]`, `%(name)s::varchar(40)[]`.
_PLACE = re.compile(r"%\((\w+)\)s(::[a-z]\w*(?: with time zone)?(?:\([\d, ]+\))?(?:\[\])?)?")
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class Statement:
    """One SQL statement with named places, `%(clinic)s`; a cast behind a place holds for its value.

    Each place keeps the type that PostgreSQL finds for it, the same for all values.
    """

    def __init__(self, sql: str) -> None:
        self._names: list[str] = []
        self._casts: dict[str, str] = {}
        self._sql = _PLACE.sub(self._numbered, sql).replace("%%", "%")
        digest = hashlib.sha256(self._sql.encode()).hexdigest()[:24]
        self._name = f"mesoclinic_{digest}"
        places = ", ".join(f"%s{self._casts.get(name, '')}" for name in self._names)
        self._call = f"EXECUTE {self._name}" + (f" ({places})" if places else "")

    def rows(self, **values: object) -> list[tuple[Any, ...]]:
        """Carry it out and fetch all rows. Every place must get a value."""
        with connection.cursor() as cursor:
            self._execute(cursor, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def run(self, **values: object) -> None:
        """Carry out a statement that returns no rows."""
        with connection.cursor() as cursor:
            self._execute(cursor, values)

    def _execute(self, cursor: Any, values: dict[str, object]) -> None:
        link = connection.connection
        known = _prepared.setdefault(link, set())
        if self._name not in known:
            with link.cursor() as bare:
                bare.execute(f"PREPARE {self._name} AS {self._sql}")
            known.add(self._name)
        cursor.execute(self._call, [values[name] for name in self._names])

    def _numbered(self, match: re.Match[str]) -> str:
        name, cast = match.group(1), match.group(2) or ""
        if name not in self._names:
            self._names.append(name)
        if cast:
            self._casts[name] = cast
        return f"${self._names.index(name) + 1}{cast}"


class Insertion:
    """Writes rows of one model as `bulk_create` does, by a statement that is prepared once.

    For models whose columns are plain values (no arrays) and whose key is given, not counted.
    """

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model
        self._fields: list[Any] = []
        self._statement: Statement | None = None

    def write(self, rows: Sequence[models.Model]) -> None:
        """Insert the rows. Raises IntegrityError as `bulk_create` would."""
        if not rows:
            return
        statement = self._statement or self._prepare()
        columns = {
            field.column: [
                field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows
            ]
            for field in self._fields
        }
        statement.run(**columns)
        for row in rows:
            row._state.adding = False
            row._state.db = connection.alias

    def _prepare(self) -> Statement:
        self._fields = [
            field for field in self._model._meta.local_concrete_fields if not field.generated
        ]
        names = ", ".join(f'"{field.column}"' for field in self._fields)
        arrays = ", ".join(
            f"%({field.column})s::{field.db_type(connection)}[]" for field in self._fields
        )
        table = self._model._meta.db_table
        sql = f'INSERT INTO "{table}" ({names}) SELECT * FROM unnest({arrays})'  # noqa: S608
        self._statement = Statement(sql)
        return self._statement
