"""The QuerySet every clinic-owned model starts from, and queries that are put together only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models import query as django_query

from mesoclinic.statements import Statement

if TYPE_CHECKING:
    from mesoclinic.clinic.models import Clinic

    _Lookup = models.Lookup[Any]
else:
    _Lookup = models.Lookup

# Private to Django and wrong in its stubs; the tests of `Prepared` notice when it changes.
_related_populators: Callable[..., list[Any]] = django_query.get_related_populators

_Row = TypeVar("_Row", bound=models.Model, covariant=True)
_Found = TypeVar("_Found", bound=models.Model)


class ClinicQuerySet(models.QuerySet[_Row]):
    """Rows of one clinic at a time; selectors start with `for_clinic`."""

    def for_clinic(self, clinic: Clinic | UUID) -> Self:
        """Only rows of `clinic`: another clinic's row is simply not there (404)."""
        return self.filter(clinic_id=clinic if isinstance(clinic, UUID) else clinic.pk)


class Prepared(Generic[_Found]):
    """A query whose SQL is written once and asked many times with other ids.

    For the few reads that every page or booking makes: writing the SQL of a short query takes
    longer than asking it. `make` gets one UUID for each value and returns the queryset, which may
    join (`select_related`) and annotate but neither defer nor prefetch. A value that `make` gives to
    the lookup `any_of` is a list of ids.
    """

    def __init__(self, make: Callable[..., models.QuerySet[_Found]], values: int = 1) -> None:
        self._make = make
        # Ids that nothing has: they mark the places of the values among the parameters.
        self._marks = tuple(UUID(int=number) for number in range(1, values + 1))
        self._names = tuple(f"value_{number}" for number in range(values))
        self._ready: tuple[Statement, Any] | None = None

    def all(self, *values: UUID | Sequence[UUID]) -> list[_Found]:
        """The rows for these values, as the queryset would give them."""
        statement, compiler = self._ready or self._prepare()
        given = dict(zip(self._names, values, strict=True))
        return list(_instances(compiler, statement.rows(**given)))

    def first(self, *values: UUID | Sequence[UUID]) -> _Found | None:
        """The first of the rows, or None."""
        return next(iter(self.all(*values)), None)

    def _prepare(self) -> tuple[Statement, Any]:
        compiler: Any = self._make(*self._marks).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        places = dict(zip(self._marks, self._names, strict=True))
        with connection.cursor() as cursor:
            filled = [
                f"%({places[one]})s" if one in places else _literal(cursor, one) for one in params
            ]
        self._ready = Statement(sql % tuple(filled)), compiler
        return self._ready


@models.UUIDField.register_lookup
class AnyOf(_Lookup):
    """`__any_of`: the id is in a list, which PostgreSQL gets as one array."""

    lookup_name = "any_of"

    def get_prep_lookup(self) -> Any:
        """The array as it is given."""
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """One place whatever the length."""
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*params, self.rhs)


def _literal(cursor: Any, value: object) -> str:
    """A constant of the queryset as SQL, safe to stand in a statement with places."""
    written: bytes = cursor.mogrify("%s", [value])
    return written.decode().replace("%", "%%")


def _instances(compiler: Any, rows: list[Any]) -> Any:
    """What `ModelIterable` of Django makes of rows, without compiling the query again."""
    info = compiler.klass_info
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in compiler.select[first:last]]
    related = _related_populators(info, compiler.select, connection.alias)
    converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
    for row in compiler.apply_converters(rows, converters) if converters else rows:
        found = info["model"].from_db(connection.alias, names, row[first:last])
        for one in related:
            one.populate(row, found)
        for name, place in compiler.annotation_col_map.items():
            setattr(found, name, row[place])
        yield found
