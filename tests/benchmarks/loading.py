"""Rows into tables by COPY: every constraint and trigger of the product works as for any writer."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from psycopg2.extras import Range

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_CHUNK = 20_000


def copy(model: type[models.Model], rows: Iterable[models.Model]) -> int:
    """COPY unsaved instances into their table; how many. Generated columns are left out."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    names = [field.attname for field in fields]
    json_names = {field.attname for field in fields if isinstance(field, models.JSONField)}
    statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    count, buffer = 0, io.StringIO()
    for row in rows:
        values = (_text(getattr(row, name), as_json=name in json_names) for name in names)
        buffer.write("\t".join(values) + "\n")
        count += 1
        if count % _CHUNK == 0:
            _send(statement, buffer)
            buffer = io.StringIO()
    _send(statement, buffer)
    return count


def _send(statement: str, buffer: io.StringIO) -> None:
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, buffer)


def _text(value: Any, *, as_json: bool) -> str:
    if value is None:
        return "\\N"
    if as_json:
        return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, Range):
        return f"[{_text(value.lower, as_json=False)},{_text(value.upper, as_json=False)})"
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "{" + ",".join(_text(item, as_json=False) for item in value) + "}"
    return str(value).translate(_ESCAPES)
