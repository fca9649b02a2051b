"""Frozen dataclasses to plain JSON values and back, strictly and stably.

Questionnaires, screening results and catalogue entries are stored as JSON and edited by people, so
reading refuses what it does not understand and says where (`rules[3].severity: …`). Writing leaves
out fields that hold their default: the stored text stays short and old versions stay readable
when a field is added. Decimals are written as strings, dates in ISO form, sets sorted.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class CodecError(ValueError):
    """Stored JSON does not have the expected shape; `path` names the place."""

    def __init__(self, path: str, problem: str) -> None:
        """Remember the place (`sections[0].key`) beside the problem in words."""
        self.path = path
        self.problem = problem
        super().__init__(f"{path or 'document'}: {problem}")


def to_json(value: object) -> Any:
    """Return `value` (dataclass, enum, date, Decimal, collection or scalar) as plain JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(getattr(value, field.name))
            for field in fields(value)
            if not _is_default(field, getattr(value, field.name))
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): to_json(value[key]) for key in sorted(value)}
    if isinstance(value, frozenset | set):
        return sorted(to_json(item) for item in value)
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[T], data: object, path: str = "") -> T:
    """Build `kind` from plain JSON values. Raises CodecError with the place and the problem."""
    return cast("T", _decode(kind, data, path))


def _is_default(field: Field[Any], value: object) -> bool:
    if field.default is not MISSING:
        return bool(value == field.default)
    if field.default_factory is not MISSING:
        return bool(value == field.default_factory())
    return False


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, data: object, path: str) -> object:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_optional(kind, data, path)
    if origin in _COLLECTIONS:
        return _COLLECTIONS[origin](kind, data, path)
    if isinstance(kind, type) and is_dataclass(kind):
        return _decode_dataclass(kind, data, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _decode_enum(kind, data, path)
    return _decode_scalar(kind, data, path)


def _decode_optional(kind: Any, data: object, path: str) -> object:
    if data is None:
        return None
    (inner,) = (arg for arg in get_args(kind) if arg is not type(None))
    return _decode(inner, data, path)


def _decode_tuple(kind: Any, data: object, path: str) -> object:
    item = get_args(kind)[0]
    return tuple(
        _decode(item, value, f"{path}[{index}]") for index, value in enumerate(_list(data, path))
    )


def _decode_set(kind: Any, data: object, path: str) -> object:
    return frozenset(cast("tuple[Any, ...]", _decode_tuple(kind, data, path)))


def _decode_mapping(kind: Any, data: object, path: str) -> object:
    item = get_args(kind)[1]
    return {
        key: _decode(item, value, f"{path}.{key}") for key, value in _object(data, path).items()
    }


_COLLECTIONS: dict[Any, Callable[[Any, object, str], object]] = {
    tuple: _decode_tuple,
    frozenset: _decode_set,
    Mapping: _decode_mapping,
}


def _decode_dataclass(kind: type, data: object, path: str) -> object:
    given = _object(data, path)
    known = {field.name: field for field in fields(kind) if field.init}
    for name in given:
        if name not in known:
            raise CodecError(f"{path}.{name}".lstrip("."), "this field is not known")
    values = {}
    for name, field in known.items():
        here = f"{path}.{name}".lstrip(".")
        if name in given:
            values[name] = _decode(_hints(kind)[name], given[name], here)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise CodecError(here, "this field is missing")
    try:
        return kind(**values)
    except ValueError as error:
        raise CodecError(path, str(error)) from error


def _decode_enum(kind: type[Enum], data: object, path: str) -> object:
    try:
        return kind(data)
    except ValueError:
        allowed = ", ".join(str(member.value) for member in kind)
        raise CodecError(path, f"{data!r} is not one of: {allowed}") from None


def _decode_scalar(kind: Any, data: object, path: str) -> object:
    if kind is date:
        return _date(data, path)
    if kind is Decimal:
        return _decimal(data, path)
    if kind is bool or kind is str:
        matches = isinstance(data, kind)
    elif kind is int:
        matches = isinstance(data, int) and not isinstance(data, bool)
    else:
        raise TypeError(f"The codec does not handle {kind!r}.")
    if not matches:
        raise CodecError(path, f"{data!r} is not of type {kind.__name__}")
    return data


def _date(data: object, path: str) -> date:
    try:
        return date.fromisoformat(data if isinstance(data, str) else "")
    except ValueError:
        raise CodecError(path, f"{data!r} is not a date (YYYY-MM-DD)") from None


def _decimal(data: object, path: str) -> Decimal:
    # Floats are refused: 0.1 typed by a person must stay 0.1.
    if isinstance(data, str) or (isinstance(data, int) and not isinstance(data, bool)):
        try:
            number = Decimal(data)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise CodecError(path, f'{data!r} is not a number written as text, such as "0.5"')


def _list(data: object, path: str) -> list[object]:
    if isinstance(data, list):
        return data
    raise CodecError(path, "a list is expected")


def _object(data: object, path: str) -> dict[str, object]:
    if isinstance(data, dict) and all(isinstance(key, str) for key in data):
        return data
    raise CodecError(path, "an object with named fields is expected")
