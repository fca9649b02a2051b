"""The helpers models put into `Meta.triggers`, tried on tables of the clinic."""

from __future__ import annotations

from typing import Any

import pgtrigger
import pytest
from django.db import IntegrityError, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry, AuditSeal
from mesoclinic.audit.services import audited
from mesoclinic.audit.tasks import MAX_BATCHES, seal
from mesoclinic.audit.triggers import append_only, audit_triggers, frozen_when
from mesoclinic.clinic.models import ApiToken, Clinic, Membership
from tests.factories.clinic import ApiTokenFactory

pytestmark = pytest.mark.django_db


def body(path: str) -> str:
    [trigger] = audit_triggers(patient=path)
    return str(trigger.get_func(_any(ApiToken)))


def _any(model: Any) -> Any:
    """pgtrigger's hints ask for an instance where it means a class."""
    return model


class TestPaths:
    def test_a_column_of_the_row(self) -> None:
        assert 'NEW."membership_id", NULL, to_jsonb(NEW)' in body("membership_id")
        assert 'OLD."membership_id", to_jsonb(OLD), NULL' in body("membership_id")

    def test_a_path_through_other_tables(self) -> None:
        found = body("membership__staff__id")

        assert '(SELECT t1."id" FROM "clinic_staffmember" t1' in found
        assert '(SELECT t0."staff_id" FROM "clinic_membership" t0' in found
        assert 'NEW."membership_id"' in found

    def test_none(self) -> None:
        assert "NULL::uuid" in body("")

    def test_sql_of_ones_own(self) -> None:
        assert "(SELECT x FROM y WHERE z = OLD.id)" in body("(SELECT x FROM y WHERE z = {row}.id)")

    def test_a_path_is_followed_when_the_row_is_written(self, practitioner: Membership) -> None:
        [trigger] = audit_triggers(patient="membership__staff_id")
        trigger.name = "audit_path"
        trigger.install(_any(ApiToken))
        token = ApiTokenFactory(membership=practitioner)

        entries = AuditEntry.objects.filter(object_id=str(token.pk))
        assert [practitioner.staff_id] in entries.values_list("patients", flat=True)


class TestRules:
    def test_append_only(self, clinic: Clinic) -> None:
        append_only()[0].install(_any(Clinic))

        with pytest.raises(IntegrityError, match="UPDATE refused"), transaction.atomic():
            Clinic.objects.update(phone="1")
        with pytest.raises(IntegrityError, match="DELETE refused"), transaction.atomic():
            Clinic.objects.filter(pk=clinic.pk).delete()

    def test_frozen_when(self, practitioner: Membership, manager: Membership) -> None:
        frozen_when(pgtrigger.Q(old__title="Dr"), name="titled")[0].install(_any(Membership))

        Membership.objects.filter(pk=manager.pk).update(title="Dr")
        for pk in (practitioner.pk, manager.pk):
            with pytest.raises(IntegrityError, match="titled"), transaction.atomic():
                Membership.objects.filter(pk=pk).update(title="")
        with pytest.raises(IntegrityError, match="titled"), transaction.atomic():
            Membership.objects.filter(pk=manager.pk).delete()


class TestTask:
    def test_it_stops_after_its_share(
        self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[int] = []
        monkeypatch.setattr("mesoclinic.audit.tasks.BATCH", 1)

        def endless() -> int:
            calls.append(1)
            return 1

        monkeypatch.setattr("mesoclinic.audit.tasks.seal_batch", endless)

        assert seal() == MAX_BATCHES
        assert len(calls) == MAX_BATCHES

    def test_names(self, clinic: Clinic) -> None:
        seal()

        assert str(AuditSeal.objects.filter(clinic_id=clinic.pk).get()) == f"{clinic.pk} #1"
        entry = AuditEntry.objects.filter(model="clinic.clinic").get()
        assert str(entry).endswith("unknown insert clinic.clinic")


def test_a_failed_write_inside_a_wider_transaction_leaves_it_usable(
    clinic: Clinic,
) -> None:
    def fail() -> None:
        with audited(Actor.system()):
            Clinic.objects.filter(pk=clinic.pk).update(country="nowhere")

    with pytest.raises(Exception, match="too long"):
        fail()
    assert Clinic.objects.filter(pk=clinic.pk).exists()
