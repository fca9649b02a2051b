"""The chain: what is sealed, and that every way to touch the record is named."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry, AuditSeal
from mesoclinic.audit.sealing import Break, seal_batch, settled_id, verify
from mesoclinic.audit.services import record
from mesoclinic.audit.tasks import seal as seal_task
from mesoclinic.clinic.models import Clinic
from tests.personas import harbour, lices


def write(clinic: Clinic | None, count: int = 1) -> list[int]:
    actor = Actor.system(clinic.pk if clinic else None, "test")
    before = set(AuditEntry.objects.values_list("id", flat=True))
    for _ in range(count):
        record(actor, Action.EXPORT)
    return sorted(set(AuditEntry.objects.values_list("id", flat=True)) - before)


@contextmanager
def tampering() -> Iterator[None]:
    """As the owner of the database could: triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def breaks() -> list[Break]:
    return [result for result in verify() if isinstance(result, Break)]


@pytest.mark.django_db
class TestSealing:
    def test_each_clinic_has_a_chain_of_its_own(self, clinic: Clinic, other_clinic: Clinic) -> None:
        write(clinic, 2)
        write(other_clinic, 1)
        write(None, 1)
        seal_batch()
        write(clinic, 1)
        seal_batch()

        numbers = list(
            AuditSeal.objects.filter(clinic_id=clinic.pk)
            .order_by("number")
            .values_list("number", flat=True)
        )
        assert numbers == [1, 2]
        assert AuditSeal.objects.filter(clinic_id=other_clinic.pk).count() == 1
        assert AuditSeal.objects.filter(clinic_id=None).count() == 1
        assert breaks() == []

    def test_every_entry_is_sealed_once(self, clinic: Clinic, other_clinic: Clinic) -> None:
        write(clinic, 7)
        write(other_clinic, 5)
        while seal_batch(limit=3):
            pass

        sealed = [pk for seal in AuditSeal.objects.all() for pk in seal.entry_ids]
        assert sorted(sealed) == sorted(AuditEntry.objects.values_list("id", flat=True))
        assert breaks() == []

    def test_nothing_new_makes_no_seal(self, clinic: Clinic) -> None:
        seal_batch()
        count = AuditSeal.objects.count()

        assert seal_batch() == 0
        assert AuditSeal.objects.count() == count

    def test_the_task_seals_all(self, clinic: Clinic) -> None:
        write(clinic, 3)

        assert seal_task() == AuditEntry.objects.count()
        assert seal_task() == 0


@pytest.mark.django_db
class TestVerify:
    @pytest.fixture
    def sealed(self, clinic: Clinic) -> list[int]:
        ids = write(clinic, 3)
        seal_batch()
        ids += write(clinic, 3)
        seal_batch()
        return ids

    def test_a_changed_entry_is_named(self, clinic: Clinic, sealed: list[int]) -> None:
        with tampering():
            AuditEntry.objects.filter(pk=sealed[1]).update(actor_label="Somebody else")

        assert breaks() == [Break(clinic.pk, 1, sealed[1], "the entry was changed")]

    def test_a_removed_entry_is_named(self, clinic: Clinic, sealed: list[int]) -> None:
        with tampering():
            AuditEntry.objects.filter(pk=sealed[4]).delete()

        assert breaks() == [Break(clinic.pk, 2, sealed[4], "the entry is missing")]

    def test_an_entry_put_in_later_is_named(self, clinic: Clinic) -> None:
        write(clinic, 2)
        with connection.cursor() as cursor:  # a rolled-back writer leaves such a gap
            cursor.execute("SELECT nextval(pg_get_serial_sequence('audit_auditentry', 'id'))")
            gap: int = cursor.fetchone()[0]
        write(clinic, 2)
        seal_batch()
        AuditEntry.objects.create(pk=gap, clinic_id=clinic.pk, actor_kind="staff", action="read")

        assert breaks() == [Break(clinic.pk, 1, gap, "the entry was put in afterwards")]

    def test_an_entry_moved_to_another_clinic_is_named(
        self, clinic: Clinic, other_clinic: Clinic, sealed: list[int]
    ) -> None:
        with tampering():
            AuditEntry.objects.filter(pk=sealed[2]).update(clinic_id=other_clinic.pk)

        assert sealed[2] in {found.entry_id for found in breaks()}

    def test_a_removed_seal_is_noticed(self, clinic: Clinic, sealed: list[int]) -> None:
        with tampering():
            AuditSeal.objects.filter(clinic_id=clinic.pk, number=1).delete()

        [found] = breaks()
        assert (found.seal, found.what) == (1, "this seal is missing")

    def test_a_forged_seal_breaks_the_one_after_it(self, clinic: Clinic, sealed: list[int]) -> None:
        first = AuditSeal.objects.get(clinic_id=clinic.pk, number=1)
        with tampering():
            AuditSeal.objects.filter(pk=first.pk).update(digest=bytes([9] * 32))

        [found] = breaks()
        assert (found.seal, found.what) == (1, "the seal itself was changed")

    def test_other_clinics_are_still_checked(
        self, clinic: Clinic, other_clinic: Clinic, sealed: list[int]
    ) -> None:
        write(other_clinic)
        seal_batch()
        with tampering():
            AuditEntry.objects.filter(pk=sealed[0]).update(reason="x")

        held = {result.clinic_id for result in verify() if isinstance(result, AuditSeal)}
        assert other_clinic.pk in held

    def test_the_command_is_content(
        self, clinic: Clinic, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(clinic, 2)
        call_command("audit_verify", "--seal")

        out = capsys.readouterr().out
        assert f"{clinic.pk}: 3 entries hold, newest digest" in out

    def test_the_command_names_the_entry_and_fails(self, clinic: Clinic, sealed: list[int]) -> None:
        with tampering():
            AuditEntry.objects.filter(pk=sealed[1]).update(reason="x")

        with pytest.raises(CommandError, match=f"seal 1, entry {sealed[1]}: the entry was changed"):
            call_command("audit_verify")

    def test_an_empty_record(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("audit_verify")

        assert "Nothing has been sealed yet." in capsys.readouterr().out


@pytest.fixture
def in_thread() -> Iterator[Callable[[Callable[[], object]], threading.Thread]]:
    threads: list[threading.Thread] = []

    def start(work: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        threads.append(thread)
        thread.start()
        return thread

    yield start
    for thread in threads:
        thread.join(10)


@pytest.mark.django_db(transaction=True)
class TestUnderWriters:
    def test_an_open_writer_is_never_skipped(
        self, in_thread: Callable[[Callable[[], object]], threading.Thread]
    ) -> None:
        """An id drawn but not yet committed: sealing past it would lose that entry for ever."""
        clinic = lices()
        written, finish = threading.Event(), threading.Event()

        def slow_writer() -> None:
            with transaction.atomic():
                write(clinic)
                written.set()
                assert finish.wait(10)

        writer = in_thread(slow_writer)
        assert written.wait(10)
        write(harbour())

        assert settled_id() is None
        assert seal_batch() == 0

        finish.set()
        writer.join(10)
        assert seal_batch() == AuditEntry.objects.count()
        assert breaks() == []

    def test_the_sealer_does_not_stop_a_writer(
        self, in_thread: Callable[[Callable[[], object]], threading.Thread]
    ) -> None:
        clinic = lices()
        done = threading.Event()

        def writer() -> None:
            for _ in range(50):
                write(clinic)
            done.set()

        in_thread(writer)
        while not done.is_set():
            seal_batch()
        seal_batch()

        sealed = [pk for seal in AuditSeal.objects.all() for pk in seal.entry_ids]
        assert sorted(sealed) == sorted(AuditEntry.objects.values_list("id", flat=True))
        assert breaks() == []

    def test_two_sealers_make_one_chain(
        self, in_thread: Callable[[Callable[[], object]], threading.Thread]
    ) -> None:
        write(lices(), 40)
        threads = [in_thread(lambda: [seal_batch(limit=5) for _ in range(20)]) for _ in range(4)]
        for thread in threads:
            thread.join(20)
        while seal_batch():
            pass

        assert breaks() == []
