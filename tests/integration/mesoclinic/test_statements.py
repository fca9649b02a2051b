"""Statements that the database prepares, and rows written by one."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from mesoclinic.clinic.models import Clinic
from mesoclinic.statements import Insertion, Statement
from scheduling.models import Room

pytestmark = pytest.mark.django_db


def prepared_now() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        (count,) = cursor.fetchone()
    return int(count)


def test_places_are_named_cast_and_used_twice() -> None:
    both = Statement("SELECT %(a)s::int + %(b)s::int, %(a)s::int * 10, '100%%'")
    assert both.rows(a=1, b=2) == [(3, 10, "100%")]
    assert both.rows(b=5, a=4) == [(9, 40, "100%")]


def test_an_array_may_hold_nothing_but_null() -> None:
    counted = Statement("SELECT count(*), count(u) FROM unnest(%(ids)s::uuid[]) u")
    assert counted.rows(ids=[None, None]) == [(2, 0)]
    assert counted.rows(ids=[]) == [(0, 0)]


def test_it_is_prepared_once_a_connection(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = Statement("SELECT %(a)s::int + 40")
    before = prepared_now()
    with django_assert_num_queries(2):
        assert first.rows(a=1) == [(41,)]
        assert Statement("SELECT %(a)s::int + 40").rows(a=2) == [(42,)]
    assert prepared_now() == before + 1


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(KeyError):
        Statement("SELECT %(a)s::int").rows(b=1)


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_prepares_anew_and_a_rollback_keeps_what_is_prepared() -> None:
    seven = Statement("SELECT %(a)s::int + 7")
    with transaction.atomic():
        assert seven.rows(a=0) == [(7,)]
        transaction.set_rollback(True)
    assert seven.rows(a=1) == [(8,)]
    connection.close()
    assert seven.rows(a=2) == [(9,)]


def test_rows_are_written_as_bulk_create_would(
    clinic: Clinic, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [Room(clinic=clinic, name="Ölüdeniz", order=3), Room(clinic=clinic, name="2 %(a)s")]
    with django_assert_num_queries(1):
        Insertion(Room).write(rows)
    for row in rows:
        assert not row._state.adding
        stored = Room.objects.get(pk=row.pk)
        for field in Room._meta.concrete_fields:
            assert getattr(stored, field.attname) == getattr(row, field.attname), field


def test_nothing_is_asked_for_no_rows(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        Insertion(Room).write([])


def test_what_the_database_refuses_is_raised_as_ever(clinic: Clinic) -> None:
    Insertion(Room).write([Room(clinic=clinic, name="1")])
    with pytest.raises(IntegrityError, match="room_once"), transaction.atomic():
        Insertion(Room).write([Room(clinic=clinic, name="1")])
