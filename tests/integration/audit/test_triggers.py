"""What the database itself writes and refuses, whoever asks."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry, AuditSeal
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Membership, Role, StaffMember
from tests.factories.clinic import StaffFactory

pytestmark = pytest.mark.django_db


def entries(model: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(model=model).order_by("id"))


@pytest.fixture
def actor(clinic: Clinic) -> Actor:
    return Actor(
        kind="staff", id="42", label="Zita Novak", clinic_id=clinic.pk, role="manager",
        request_id="req-1",
    )  # fmt: skip


class TestEveryKindOfWrite:
    def test_create_names_row_clinic_and_actor(self, clinic: Clinic, actor: Actor) -> None:
        staff = StaffFactory()
        with audited(actor, reason="new colleague"):
            made = Membership.objects.create(clinic=clinic, staff=staff, role=Role.MANAGER)

        [entry] = entries("clinic.membership")
        assert (entry.action, entry.object_id) == ("insert", str(made.pk))
        assert (entry.actor_kind, entry.actor_id, entry.actor_label) == (
            "staff",
            "42",
            "Zita Novak",
        )
        assert (entry.clinic_id, entry.request_id) == (clinic.pk, "req-1")
        assert entry.reason == "new colleague"

    def test_update_names_columns_and_never_values(self, manager: Membership) -> None:
        manager.title = "Secret value"
        manager.save()

        entry = entries("clinic.membership")[-1]
        assert (entry.action, entry.fields) == ("update", ["title"])
        assert "Secret" not in str(list(AuditEntry.objects.values_list()))

    def test_queryset_update_bulk_create_raw_sql_and_delete(self, clinic: Clinic) -> None:
        people = [StaffFactory(), StaffFactory()]
        made = Membership.objects.bulk_create(
            Membership(clinic=clinic, staff=staff, role=Role.RECEPTIONIST) for staff in people
        )
        Membership.objects.filter(clinic=clinic).update(title="Mx", colour="#000000")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE clinic_membership SET is_active = false WHERE id = %s", [made[0].pk]
            )
        Membership.objects.filter(pk=made[1].pk).delete()

        seen = [(entry.action, sorted(entry.fields)) for entry in entries("clinic.membership")]
        assert seen == [
            ("insert", []),
            ("insert", []),
            ("update", ["colour", "title"]),
            ("update", ["colour", "title"]),
            ("update", ["is_active"]),
            ("delete", []),
        ]

    def test_a_save_that_changes_nothing_writes_nothing(self, manager: Membership) -> None:
        before = AuditEntry.objects.count()
        manager.save()

        assert AuditEntry.objects.count() == before

    def test_ignored_columns_alone_write_nothing(self, clinic: Clinic) -> None:
        before = AuditEntry.objects.count()
        Clinic.objects.filter(pk=clinic.pk).update(record_counter=7)

        assert AuditEntry.objects.count() == before


class TestActor:
    def test_without_an_actor_the_write_is_recorded_as_unknown(self, clinic: Clinic) -> None:
        [entry] = entries("clinic.clinic")

        assert (entry.actor_kind, entry.actor_label) == ("system", "unknown")

    def test_the_outer_actor_stays(self, clinic: Clinic, actor: Actor) -> None:
        with audited(actor), audited(Actor.system(label="helper")):
            Clinic.objects.filter(pk=clinic.pk).update(phone="1")

        assert entries("clinic.clinic")[-1].actor_label == "Zita Novak"

    def test_the_actor_does_not_outlive_its_block(self, clinic: Clinic, actor: Actor) -> None:
        with audited(actor):
            pass
        Clinic.objects.filter(pk=clinic.pk).update(phone="1")

        assert entries("clinic.clinic")[-1].actor_label == "unknown"

    def test_nor_does_it_outlive_an_error(self, clinic: Clinic, actor: Actor) -> None:
        with pytest.raises(RuntimeError), audited(actor):
            raise RuntimeError
        Clinic.objects.filter(pk=clinic.pk).update(phone="1")

        assert entries("clinic.clinic")[-1].actor_label == "unknown"

    def test_an_error_takes_write_and_entry_back_together(
        self, clinic: Clinic, actor: Actor
    ) -> None:
        before = AuditEntry.objects.count()

        def fail() -> None:
            with audited(actor):
                Clinic.objects.filter(pk=clinic.pk).update(phone="1")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()

        assert AuditEntry.objects.count() == before

    def test_a_name_with_quotes_and_accents(self, clinic: Clinic) -> None:
        label = """O'Brien "Ö" \\ {}; DROP TABLE x --"""
        with audited(Actor.system(label=label)):
            Clinic.objects.filter(pk=clinic.pk).update(phone="1")

        assert entries("clinic.clinic")[-1].actor_label == label

    def test_a_person_belongs_to_no_clinic_so_the_actors_is_kept(
        self, clinic: Clinic, actor: Actor
    ) -> None:
        with audited(actor):
            staff = StaffMember.objects.create_user("new@example.org", full_name="New Person")

        [entry] = AuditEntry.objects.filter(object_id=str(staff.pk))
        assert entry.clinic_id == clinic.pk


class TestRefused:
    @pytest.fixture
    def seal(self, db: None) -> AuditSeal:
        return AuditSeal.objects.create(
            number=1, entry_ids=[1], entry_digests=bytes(32), up_to=1,
            previous=bytes(32), digest=bytes(32),
        )  # fmt: skip

    @pytest.fixture
    def entry(self, clinic: Clinic) -> AuditEntry:
        return entries("clinic.clinic")[0]

    def test_update_of_an_entry(self, entry: AuditEntry) -> None:
        with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
            AuditEntry.objects.filter(pk=entry.pk).update(actor_label="Nobody")

    def test_delete_of_an_entry(self, entry: AuditEntry) -> None:
        with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
            entry.delete()

    def test_update_of_a_seal(self, seal: AuditSeal) -> None:
        with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
            AuditSeal.objects.filter(pk=seal.pk).update(up_to=2)

    def test_delete_of_a_seal(self, seal: AuditSeal) -> None:
        with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
            seal.delete()

    @pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditseal"])
    def test_truncate(self, table: str) -> None:
        with (
            connection.cursor() as cursor,
            pytest.raises(IntegrityError, match="no_truncate"),
            transaction.atomic(),
        ):
            cursor.execute(f"TRUNCATE {table}")

    def test_a_second_seal_with_the_same_number(self, seal: AuditSeal) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            AuditSeal.objects.create(
                number=1, entry_ids=[2], entry_digests=bytes(32), up_to=2,
                previous=bytes(32), digest=bytes([1] * 32),
            )  # fmt: skip


def test_the_fold_function_takes_case_and_accents_off(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mesoclinic_fold(%s)", ["Noémie ŞAHİN Łódź Østergård Straße"])
        folded = cursor.fetchone()[0]

    assert folded == "noemie sahin lodz ostergard strasse"


def test_ids_that_look_unknown_stay_unknown(db: None) -> None:
    assert not AuditEntry.objects.filter(patients__contains=[uuid4()]).exists()
