"""Files sent twice, at once or half; corrected, withdrawn, erased: nothing is lost, nothing is left."""

from __future__ import annotations

import datetime as dt
import os
import threading
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid
from patients import tasks
from patients.exceptions import (
    FileNotFound,
)
from patients.models import Patient, PatientFile
from patients.selectors import gallery, photographs_of
from patients.services import (
    FileLabels,
    erase_files,
    relabel_file,
    sweep_files,
    vault,
    withdraw_file,
)
from tests.factories import files as made
from tests.factories.patients import NOW, PatientFactory
from tests.integration.patients.pictures import on_disk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


# --- twice, at once, half -------------------------------------------------------------------------


def test_the_same_file_again_is_noticed(patient: Patient, media: Path) -> None:
    first, second = made.kept(patient), made.kept(patient, name="other name.jpg")

    assert second.is_known
    assert second.file == first.file
    assert len(on_disk(media)) == 2


def test_the_same_file_of_another_patient_is_another_file(patient: Patient) -> None:
    made.kept(patient)

    assert not made.kept(PatientFactory(clinic=patient.clinic)).is_known


def test_a_withdrawn_file_may_be_sent_again(patient: Patient) -> None:
    file = made.photograph(patient)
    withdraw_file(actor=Actor.system(patient.clinic_id), file=file, reason="Wrong label", now=NOW)

    assert not made.kept(patient).is_known


@pytest.mark.django_db(transaction=True)
def test_two_who_send_the_same_at_once_make_one(media: Path) -> None:
    patient = PatientFactory()
    ready = threading.Barrier(4)
    outcomes, errors = [], []

    def send() -> None:
        try:
            mine = Patient.objects.select_related("clinic").get(pk=patient.pk)
            ready.wait(timeout=10)
            outcomes.append(made.kept(mine))
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert errors == []
    assert sorted(one.is_known for one in outcomes) == [False, True, True, True]
    assert PatientFile.objects.count() == 1
    assert len(on_disk(media)) == 2


def test_a_row_that_is_refused_takes_its_file_along(
    patient: Patient, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise IntegrityError("planted")

    monkeypatch.setattr(PatientFile, "save", fail)

    with pytest.raises(IntegrityError, match="planted"):
        made.kept(patient)
    assert on_disk(media) == []


def test_bytes_stay_where_nobody_knows_whether_the_row_is_there(
    patient: Patient, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_silent(*_args: object, **_more: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(PatientFile, "save", fall_silent)

    with pytest.raises(OperationalError):
        made.kept(patient)
    assert len(on_disk(media)) == 2
    assert sweep_files(now=timezone.now() + dt.timedelta(days=2)).removed == 2


def test_a_full_disk_leaves_nothing_half_written(
    patient: Patient, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space"):
        made.kept(patient)
    assert on_disk(media) == []
    assert not PatientFile.objects.exists()


def test_the_sweep_removes_old_orphans_only(patient: Patient, media: Path) -> None:
    file = made.photograph(patient)
    for name in ("old.jpg", "old.jpg.part", "young.jpg"):
        (media / "ab").mkdir(exist_ok=True)
        (media / "ab" / name).write_bytes(b"x")
    now = timezone.now()
    before = (now - dt.timedelta(days=2)).timestamp()
    for path in media.rglob("*.*"):
        if path.name != "young.jpg":
            os.utime(path, (before, before))

    assert sweep_files(now=now, only_look=True).removed == 2
    assert sweep_files(now=now).removed == 2

    assert on_disk(media) == sorted(
        [Path(file.stored_name).name, Path(file.thumbnail_name).name, "young.jpg"]
    )
    assert sweep_files(now=now).missing == ()


def test_the_command_names_what_is_missing(patient: Patient) -> None:
    file = made.photograph(patient)
    out = StringIO()
    call_command("sweep_files", stdout=out)
    assert "0 files without a record" in out.getvalue()
    vault.remove(file.stored_name)

    with pytest.raises(CommandError, match=file.stored_name):
        call_command("sweep_files", "--look", stdout=out)
    assert tasks.sweep() == 0


# --- labels, withdrawal, erasure ------------------------------------------------------------------


def test_labels_are_corrected(patient: Patient) -> None:
    file = made.photograph(patient)
    labels = FileLabels(area="neck", view="left", title=" Scar ", taken_on=dt.date(2026, 3, 1))

    file = relabel_file(actor=Actor.system(patient.clinic_id), file=file, labels=labels, now=NOW)

    stored = PatientFile.objects.get(pk=file.pk)
    assert (stored.area, stored.view, stored.title) == ("neck", "left", "Scar")
    assert stored.taken_at.date() == dt.date(2026, 3, 1)


def test_withdrawing_asks_why_and_hides_for_good(patient: Patient, media: Path) -> None:
    file = made.photograph(patient)
    actor = Actor.system(patient.clinic_id)
    with pytest.raises(Invalid) as refused:
        withdraw_file(actor=actor, file=file, reason="  ", now=NOW)
    assert refused.value.field == "reason"

    withdraw_file(actor=actor, file=file, reason="Another patient", now=NOW)
    again = withdraw_file(actor=actor, file=file, reason="Again", now=NOW + dt.timedelta(days=1))

    assert again.withdrawn_reason == "Another patient"
    assert photographs_of(patient) == []
    assert [one.pk for one in gallery(patient).withdrawn] == [file.pk]
    assert len(on_disk(media)) == 2
    with pytest.raises(FileNotFound):
        relabel_file(actor=actor, file=file, labels=FileLabels(), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_erasing_removes_bytes_and_words(media: Path) -> None:
    patient = PatientFactory()
    actor = Actor.system(patient.clinic_id)
    file = made.photograph(patient, labels={"title": "Scar of Inês", "area": "face"})
    hidden = made.photograph(patient, made.png())
    withdraw_file(actor=actor, file=hidden, reason="Shows Inês", now=NOW)

    assert erase_files(actor=actor, patient=patient, now=NOW) == 2

    assert on_disk(media) == []
    file.refresh_from_db()
    hidden.refresh_from_db()
    assert (file.title, file.area, hidden.withdrawn_reason) == ("", "", "erased")
    assert gallery(patient).is_empty
    assert erase_files(actor=actor, patient=patient, now=NOW) == 0


def test_an_erasure_that_is_rolled_back_keeps_the_bytes(patient: Patient, media: Path) -> None:
    made.kept(patient)

    with transaction.atomic():
        erase_files(actor=Actor.system(patient.clinic_id), patient=patient, now=NOW)
        transaction.set_rollback(True)

    assert len(on_disk(media)) == 2
    assert photographs_of(patient)


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"stored_name": "ab/other.jpg"},
        {"media_type": "image/png"},
        {"size": 1},
        {"kind": "document"},
        {"created_at": NOW - dt.timedelta(days=1)},
    ],
)
def test_the_database_keeps_the_content_as_it_was(
    patient: Patient, change: dict[str, object]
) -> None:
    file = made.photograph(patient)

    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        PatientFile.objects.filter(pk=file.pk).update(**change)


def test_the_database_refuses_to_delete_and_to_unhide(patient: Patient) -> None:
    file = made.photograph(patient)
    withdraw_file(actor=Actor.system(patient.clinic_id), file=file, reason="Blurred", now=NOW)
    rows = PatientFile.objects.filter(pk=file.pk)

    with pytest.raises(Exception, match="Cannot delete"), transaction.atomic():
        rows.delete()
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        rows.update(withdrawn_at=None, withdrawn_reason="")


def test_a_file_never_mixes_two_clinics(patient: Patient, other_clinic: Clinic) -> None:
    file = made.photograph(patient)
    file.pk, file.stored_name, file.clinic = None, "ab/x.jpg", other_clinic

    file.save(force_insert=True)
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
