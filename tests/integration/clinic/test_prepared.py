"""Queries that are put together once give what the queryset would give."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.db.models import F, QuerySet
from pytest_django import DjangoAssertNumQueries

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.clinic.querysets import Prepared
from tests.factories.clinic import MembershipFactory

pytestmark = pytest.mark.django_db


def of_clinic(clinic_id: UUID, staff_id: UUID) -> QuerySet[Membership]:
    return (
        Membership.objects.active()
        .filter(clinic_id=clinic_id, staff_id=staff_id, role="practitioner")
        .select_related("staff", "clinic")
        .order_by("created_at")
    )


def test_rows_and_joined_rows_are_those_of_the_queryset(clinic: Clinic) -> None:
    wanted = MembershipFactory(clinic=clinic, role="practitioner")
    MembershipFactory(clinic=clinic, role="practitioner")
    prepared: Prepared[Membership] = Prepared(of_clinic, values=2)

    for _again in range(2):
        (found,) = prepared.all(clinic.pk, wanted.staff_id)
        assert found == wanted
        for field in Membership._meta.concrete_fields:
            assert getattr(found, field.attname) == getattr(wanted, field.attname)
        assert found.staff == wanted.staff
        assert found.clinic.name == clinic.name
        assert not found._state.adding


def test_values_take_their_own_places(clinic: Clinic, other_clinic: Clinic) -> None:
    mine = MembershipFactory(clinic=clinic, role="practitioner")
    prepared: Prepared[Membership] = Prepared(of_clinic, values=2)
    assert prepared.first(clinic.pk, mine.staff_id) == mine
    assert prepared.first(other_clinic.pk, mine.staff_id) is None
    assert prepared.first(mine.staff_id, clinic.pk) is None
    assert prepared.all(clinic.pk, uuid4()) == []


def test_joined_rows_cost_one_query(
    clinic: Clinic, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine = MembershipFactory(clinic=clinic, role="practitioner")
    prepared: Prepared[Membership] = Prepared(of_clinic, values=2)
    with django_assert_num_queries(1):
        (found,) = prepared.all(clinic.pk, mine.staff_id)
        assert found.staff.full_name
        assert found.clinic.time_zone


def test_the_number_of_values_must_fit() -> None:
    prepared: Prepared[Membership] = Prepared(of_clinic, values=2)
    with pytest.raises(ValueError, match="argument"):
        prepared.all(uuid4())


def test_a_list_of_ids_and_what_is_annotated(clinic: Clinic) -> None:
    wanted = [MembershipFactory(clinic=clinic, role="practitioner") for _ in range(3)]
    MembershipFactory(clinic=clinic, role="practitioner")

    def named(ids: UUID) -> QuerySet[Membership]:
        rows = Membership.objects.filter(staff__id__any_of=ids).select_related("staff")
        return rows.annotate(of=F("clinic__name")).order_by("pk")

    prepared: Prepared[Membership] = Prepared(named)
    ids = [one.staff_id for one in wanted]
    found = prepared.all(ids)
    assert found == sorted(wanted, key=lambda one: one.pk)
    assert {one.of for one in found} == {clinic.name}  # type: ignore[attr-defined]
    assert prepared.all(ids[:1]) == [wanted[0]]
    assert prepared.all([]) == []
