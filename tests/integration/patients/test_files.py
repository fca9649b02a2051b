"""Photographs and documents: what is taken, what is refused, who sees it, and that nothing is lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import strategies as st
from PIL import Image

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Invalid
from patients import panels, tasks
from patients.domain.filetypes import sniff
from patients.exceptions import (
    FileIsHeic,
    FileIsSvg,
    FileNotFound,
    FileRefused,
    FileTooLarge,
    FileUnreadable,
    PatientClosed,
    TooManyPixels,
)
from patients.models import Patient, PatientFile
from patients.selectors import gallery, pair_to_compare, photographs_of
from patients.selectors.files import file_entries
from patients.services import (
    MAX_FILES,
    FileLabels,
    Upload,
    add_file,
    erase_files,
    relabel_file,
    sweep_files,
    vault,
    withdraw_file,
)
from patients.services.files import _prepare
from patients.services.pictures import clean_picture
from tests.factories import files as made
from tests.factories.clinic import ApiTokenFactory
from tests.factories.patients import NOW, PatientFactory

pytestmark = pytest.mark.django_db

ClientFor = Callable[..., Client]
ActorOf = Callable[[Membership], Actor]


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    """A folder of its own for each test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media" / "patients"


def on_disk(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def stored_bytes(file: PatientFile) -> bytes:
    return vault.path_of(file.stored_name).read_bytes()


def sent(client: Client, patient: Patient, *files: SimpleUploadedFile, **fields: str) -> Any:
    accept = fields.pop("accept", "text/html")
    return client.post(
        reverse("patients:files", args=[patient.pk]),
        {"files": list(files), **fields},
        headers={"accept": accept},
    )


def form_file(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="application/octet-stream")


# --- what is kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (made.png(), "image/png"),
        (made.jpeg(), "image/jpeg"),
        (made.webp(), "image/jpeg"),
    ],
)
def test_a_picture_is_kept_under_a_name_that_says_nothing(
    patient: Patient, media: Path, data: bytes, media_type: str
) -> None:
    file = made.photograph(patient, data, name="ines-carvalho.png")

    assert (file.kind, file.media_type, file.width, file.height) == (
        "photograph", media_type, 320, 400,
    )  # fmt: skip
    assert len(Path(file.stored_name).stem) == 32
    assert "ines" not in file.stored_name
    assert hashlib.sha256(stored_bytes(file)).hexdigest() == file.sha256
    assert file.size == len(stored_bytes(file))
    with Image.open(vault.path_of(file.thumbnail_name)) as small:
        assert max(small.size) <= 480
    assert len(on_disk(media)) == 2
    assert vault.path_of(file.stored_name).stat().st_mode & 0o007 == 0


def test_position_owner_and_comment_are_gone_and_it_stands_upright(patient: Patient) -> None:
    data = made.camera_jpeg()
    assert made.SECRET.encode() in data

    file = made.photograph(patient, data)

    for name in (file.stored_name, file.thumbnail_name):
        content = vault.path_of(name).read_bytes()
        assert made.SECRET.encode() not in content
        assert b"Exif" not in content
        with Image.open(BytesIO(content)) as image:
            assert not dict(image.getexif())
            assert "comment" not in image.info
            assert image.height > image.width  # it came lying on its side
    assert (file.width, file.height) == (300, 400)


def test_the_camera_says_when(patient: Patient) -> None:
    file = made.photograph(patient, made.camera_jpeg("2026:02:03 14:05:06"))

    assert file.taken_at == dt.datetime(2026, 2, 3, 13, 5, 6, tzinfo=dt.UTC)  # Rennes, winter


@pytest.mark.parametrize("nonsense", ["2031:01:01 00:00:00", "0000:00:00 00:00:00", "soon"])
def test_a_camera_with_a_wrong_clock_is_not_believed(patient: Patient, nonsense: str) -> None:
    assert made.photograph(patient, made.camera_jpeg(nonsense)).taken_at == NOW


def test_staff_know_the_day_better(patient: Patient) -> None:
    day = dt.date(2026, 2, 2)
    file = made.photograph(patient, made.camera_jpeg(), labels={"taken_on": day})
    same = made.photograph(
        patient, made.camera_jpeg(orientation=1), labels={"taken_on": dt.date(2026, 2, 3)}
    )

    assert file.taken_at == dt.datetime(2026, 2, 2, 11, 0, tzinfo=dt.UTC)
    assert same.taken_at == dt.datetime(2026, 2, 3, 13, 5, 6, tzinfo=dt.UTC)


def test_a_day_to_come_is_refused(patient: Patient, media: Path) -> None:
    with pytest.raises(Invalid) as refused:
        made.kept(patient, labels={"taken_on": dt.date(2026, 3, 11)})

    assert refused.value.field == "taken_on"
    assert on_disk(media) == []


def test_the_type_is_told_by_content_not_by_name(patient: Patient) -> None:
    file = made.photograph(patient, made.png(), name="letter.pdf")

    assert file.media_type == "image/png"
    assert file.stored_name.endswith(".png")


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1"])
def test_every_kind_of_pixel_comes_out_as_plain_colour(patient: Patient, mode: str) -> None:
    image = Image.new("I;16", (40, 30), 65535) if mode == "I;16" else made.drawn().convert(mode)
    data = made.jpeg(image) if mode == "CMYK" else made.png(image)

    file = made.photograph(patient, data)

    with Image.open(BytesIO(stored_bytes(file))) as kept:
        assert kept.mode == "RGB"
        if mode == "I;16":
            assert kept.getpixel((5, 5)) == (255, 255, 255)


def test_a_large_photograph_is_scaled_down(patient: Patient) -> None:
    file = made.photograph(patient, made.jpeg(Image.new("RGB", (6000, 3000), made.SKIN)))

    assert (file.width, file.height) == (4096, 2048)


def test_a_picture_made_of_several_is_its_first(patient: Patient) -> None:
    out = BytesIO()
    made.drawn().save(out, "MPO", save_all=True, append_images=[made.drawn((64, 64))])

    file = made.photograph(patient, out.getvalue())

    assert (file.media_type, file.width) == ("image/jpeg", 320)


def test_a_pdf_is_kept_as_it_is_and_is_a_document(patient: Patient) -> None:
    kept = made.kept(patient, made.PDF, name="Laboratory March.pdf", labels={"kind": "photograph"})

    assert kept.file is not None
    assert (kept.file.kind, kept.file.title) == ("document", "Laboratory March")
    assert stored_bytes(kept.file) == made.PDF
    assert kept.file.width is None


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (made.HEIC, FileIsHeic),
        (made.SVG, FileIsSvg),
        (b"\xef\xbb\xbf  " + made.SVG, FileIsSvg),
        (b"<html><script>alert(1)</script></html>", FileRefused),
        (b"GIF89a" + bytes(40), FileRefused),
        (b"PK\x03\x04" + bytes(40), FileRefused),
        (b"MZ" + bytes(80), FileRefused),
        (b"", FileUnreadable),
        (made.jpeg()[:900], FileUnreadable),
        (made.png()[:200], FileUnreadable),
        (b"\xff\xd8\xff" + bytes(500), FileUnreadable),
        (made.webp()[:60], FileUnreadable),
        (made.PDF[:40], FileUnreadable),
        (made.bomb(), TooManyPixels),
        (made.bomb(100_000, 700), TooManyPixels),
        (made.webp_bomb(), TooManyPixels),
    ],
)
def test_it_is_refused_with_a_sentence_at_the_field(
    patient: Patient, media: Path, data: bytes, refusal: type[FileRefused]
) -> None:
    with pytest.raises(refusal) as refused:
        made.kept(patient, data)

    assert type(refused.value) is refusal
    assert refused.value.field == "files"
    assert refused.value.message
    assert on_disk(media) == []
    assert not PatientFile.objects.exists()


def test_a_bomb_is_refused_before_it_is_opened(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.Image.open", lambda *_args, **_more: pytest.fail("it was opened"))

    with pytest.raises(TooManyPixels):
        made.kept(patient, made.bomb())


def test_a_jpeg_with_too_many_pixels_is_not_decoded(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(made.jpeg())
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = (40_000).to_bytes(2, "big") * 2
    monkeypatch.setattr(
        "PIL.ImageFile.ImageFile.load", lambda *_args: pytest.fail("it was decoded")
    )

    with pytest.raises(TooManyPixels):
        made.kept(patient, bytes(data))


def test_too_many_bytes_are_not_even_read(patient: Patient) -> None:
    upload = Upload("a.jpg", 26 * 1024 * 1024 + 1, lambda: pytest.fail("it was read"))

    with pytest.raises(FileTooLarge, match="25 MB"):
        add_file(
            actor=Actor.system(patient.clinic_id), patient=patient, upload=upload,
            labels=FileLabels(), now=NOW,
        )  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow talks about broken EXIF
@hypothesis.given(
    seed=st.sampled_from([made.camera_jpeg(size=(40, 30)), made.png(), made.webp(), made.PDF]),
    at=st.integers(0, 400),
    noise=st.binary(min_size=1, max_size=8),
    end=st.integers(20, 20_000),
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_damaged_files_are_refused_and_never_crash(
    seed: bytes, at: int, noise: bytes, end: int
) -> None:
    data = (seed[:at] + noise + seed[at + len(noise) :])[:end]

    with suppress(FileRefused):
        clean_picture(data) if sniff(data).is_picture else _prepare(data)


def archive() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("payload.html", "<script>alert('here')</script>" * 3)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        made.jpeg() + b"<html><script>alert('here')</script>",
        made.jpeg() + archive(),
        made.jpeg(comment=b"<script>alert('here')</script>"),
        made.png() + archive(),
    ],
    ids=["html behind", "zip behind", "html in the comment", "zip behind a png"],
)
def test_a_polyglot_leaves_its_second_nature_behind(patient: Patient, data: bytes) -> None:
    file = made.photograph(patient, data)

    content = stored_bytes(file)
    assert b"script" not in content
    assert not zipfile.is_zipfile(BytesIO(content))
    with Image.open(BytesIO(content)) as image:
        image.verify()


def test_an_erased_person_gets_no_files(patient: Patient, media: Path) -> None:
    patient.erased_at = NOW

    with pytest.raises(PatientClosed):
        made.kept(patient)
    assert on_disk(media) == []


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


# --- pages ----------------------------------------------------------------------------------------


def test_several_at_once_each_for_itself(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    files = [form_file(made.png()), form_file(made.HEIC, "IMG_1.HEIC"), form_file(made.jpeg())]

    answer = sent(client, patient, *files, area="cheeks", view="left")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 files are kept." in page
    assert "IMG_1.HEIC: This is a HEIC photograph" in page
    assert '<option value="cheeks" selected>' in page  # what was chosen stays
    rows = PatientFile.objects.filter(patient=patient)
    assert {(row.area, row.view, row.uploaded_by) for row in rows} == {
        ("cheeks", "left", practitioner.staff)
    }


def test_a_click_twice_keeps_one(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    for _ in range(2):
        answer = sent(client, patient, form_file(made.jpeg()))
        assert answer.status_code == 302

    page = client.get(answer["Location"]).content.decode()
    assert "1 file was there already." in page
    assert PatientFile.objects.count() == 1


def test_a_script_gets_json(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    good = sent(client, patient, form_file(made.jpeg()), accept="application/json")
    bad = sent(client, patient, form_file(made.SVG, "x.svg"), accept="application/json")
    none = sent(client, patient, accept="application/json")

    assert good.json() == {"kept": [{"id": str(PatientFile.objects.get().pk), "known": False}]}
    assert bad.status_code == 422
    assert "programs" in bad.json()["errors"][0]
    assert none.json() == {"errors": ["Choose at least one file."]}


def test_limits_of_a_form(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    many = [form_file(made.PDF, f"{n}.pdf") for n in range(MAX_FILES + 1)]
    large = form_file(made.jpeg() + bytes(26 * 1024 * 1024))

    assert "Send at most 20 files" in sent(client, patient, *many).content.decode()
    assert "more than 25 MB" in sent(client, patient, large).content.decode()
    assert not PatientFile.objects.exists()


def test_a_body_beyond_all_measure_is_not_kept_anywhere(
    patient: Patient, practitioner: Membership, client_for: ClientFor, settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000

    assert sent(client_for(practitioner), patient, form_file(made.jpeg())).status_code == 400
    assert sent(Client(), patient, form_file(made.jpeg())).status_code in {302, 400}
    assert not PatientFile.objects.exists()


def test_the_gallery_groups_by_area_and_view(
    patient: Patient,
    practitioner: Membership,
    client_for: ClientFor,
    django_assert_max_num_queries: Any,
) -> None:
    client = client_for(practitioner)
    for number, view in enumerate(("front", "front", "left", "")):
        made.photograph(
            patient, made.jpeg(made.drawn((100 + number, 100))),
            labels={"area": "face", "view": view}, now=NOW + dt.timedelta(days=number),
        )  # fmt: skip
    made.photograph(patient, made.png(), labels={"area": "own_area"}, now=NOW)
    made.kept(patient, made.PDF, name="Letter.pdf")
    url = reverse("patients:files", args=[patient.pk])
    client.get(url)

    with django_assert_max_num_queries(12):
        page = client.get(url).content.decode()

    shown = gallery(patient)
    assert [(area.label, area.count) for area in shown.areas] == [("Face", 4), ("Own area", 1)]
    assert [view.label for view in shown.areas[0].views] == ["Front", "Left", ""]
    front = shown.areas[0].views[0]
    assert front.last.taken_at > front.first.taken_at
    assert f"before={front.first.pk}&amp;after={front.last.pk}" in page
    assert "Letter" in page


def test_the_pair_to_compare(patient: Patient) -> None:
    def one(number: int, view: str) -> PatientFile:
        return made.photograph(
            patient, made.jpeg(made.drawn((90 + number, 90))),
            labels={"area": "face", "view": view}, now=NOW + dt.timedelta(days=number),
        )  # fmt: skip

    assert pair_to_compare([], None, None) is None
    first, left, middle, last = one(0, "front"), one(1, "left"), one(2, "front"), one(3, "front")
    rows = photographs_of(patient)

    assert pair_to_compare(rows, None, None) == (first, last)
    assert pair_to_compare(rows, None, middle.pk) == (first, middle)
    assert pair_to_compare(rows, middle.pk, None) == (middle, last)
    assert pair_to_compare(rows, left.pk, last.pk) == (left, last)
    assert pair_to_compare(rows, last.pk, left.pk) == (last, left)
    assert pair_to_compare(rows, None, first.pk) == (first, middle)
    assert pair_to_compare([left], None, None) is None


def test_the_bytes_come_with_every_guard(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    file = made.photograph(patient)

    whole = client.get(reverse("patients:file-content", args=[file.pk]))
    small = client.get(reverse("patients:file-thumbnail", args=[file.pk]))

    assert b"".join(whole) == stored_bytes(file)
    assert b"".join(small) == vault.path_of(file.thumbnail_name).read_bytes()
    for answer in (whole, small):
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert answer["Content-Disposition"] == 'inline; filename="photograph-2026-03-10.jpg"'


def test_a_document_is_a_download(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    file = made.photograph(patient, made.PDF, name="HIV test.pdf")

    answer = client_for(practitioner).get(reverse("patients:file-content", args=[file.pk]))

    assert answer["Content-Disposition"] == 'attachment; filename="document-2026-03-10.pdf"'
    assert b"".join(answer) == made.PDF


def test_nginx_sends_the_bytes_where_it_stands_in_front(
    patient: Patient, practitioner: Membership, client_for: ClientFor, settings: Any
) -> None:
    settings.MEDIA_ACCEL_PREFIX = "/private-media/"
    file = made.photograph(patient)

    answer = client_for(practitioner).get(reverse("patients:file-content", args=[file.pk]))

    assert answer["X-Accel-Redirect"] == f"/private-media/patients/{file.stored_name}"
    assert answer.content == b""
    assert answer["Content-Type"] == "image/jpeg"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_every_look_is_recorded(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    file = made.photograph(patient)
    looks = {
        "gallery": reverse("patients:files", args=[patient.pk]),
        "compare": reverse("patients:files-compare", args=[patient.pk]),
        "detail": reverse("patients:file", args=[file.pk]),
        "content": reverse("patients:file-content", args=[file.pk]),
        "thumbnail": reverse("patients:file-thumbnail", args=[file.pk]),
    }
    for url in looks.values():
        answer = client.get(url)
        assert answer.status_code == 200
        b"".join(answer)

    rows = AuditEntry.objects.filter(model="patients.patientfile", action="read")
    assert sorted(rows.values_list("reason", flat=True)) == sorted(looks)
    assert {tuple(row.patients) for row in rows} == {(patient.pk,)}
    assert rows.get(reason="content").object_id == str(file.pk)
    assert AuditEntry.objects.filter(model="patients.patientfile", action="insert").count() == 1


def test_who_must_not_see(
    patient: Patient,
    receptionist: Membership,
    manager: Membership,
    other_practitioner: Membership,
    client_for: ClientFor,
) -> None:
    file = made.photograph(patient)
    urls = [
        reverse("patients:files", args=[patient.pk]),
        *(reverse(f"patients:{name}", args=[file.pk])
          for name in ("file", "file-content", "file-thumbnail")),
        reverse("api-file-content", args=[file.pk]),
    ]  # fmt: skip

    for url in urls:
        assert client_for(receptionist).get(url).status_code == 403
        assert client_for(manager).get(url).status_code == 403
        assert client_for(other_practitioner).get(url).status_code == 404
        assert client_for(None).get(url).status_code in {302, 401}
    assert client_for(receptionist).get(f"/media/patients/{file.stored_name}").status_code == 404


def test_withdrawn_and_lost_files_are_not_there(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    file, lost = made.photograph(patient), made.photograph(patient, made.png())
    page = reverse("patients:file-withdraw", args=[file.pk])
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "Another patient"}).status_code == 302
    vault.remove(lost.stored_name)

    for url in (
        reverse("patients:file", args=[file.pk]),
        reverse("patients:file-content", args=[file.pk]),
        reverse("patients:file-content", args=[lost.pk]),
    ):
        assert client.get(url).status_code == 404
    listed = client.get(reverse("patients:files", args=[patient.pk])).content.decode()
    assert "Another patient" in listed
    assert str(file.pk) not in listed


def test_labels_on_the_page(
    patient: Patient, practitioner: Membership, client_for: ClientFor
) -> None:
    client = client_for(practitioner)
    file = made.photograph(patient, labels={"area": "own_area"})
    url = reverse("patients:file", args=[file.pk])
    assert '<option value="own_area" selected>' in client.get(url).content.decode()

    refused = client.post(url, {"area": "own_area", "taken_on": "2999-01-01"})
    saved = client.post(url, {"area": "own_area", "view": "left", "taken_on": "2026-03-01"})

    assert "still to come" in refused.content.decode()
    assert saved.status_code == 302
    file.refresh_from_db()
    assert (file.area, file.view) == ("own_area", "left")


def test_the_chart_shows_them_to_practitioners(
    patient: Patient,
    practitioner: Membership,
    receptionist: Membership,
    actor_of: ActorOf,
    client_for: ClientFor,
) -> None:
    made.photograph(patient)
    made.photograph(patient, made.png(), labels={"area": "neck"})
    made.kept(patient, made.PDF, name="Letter.pdf")

    page = client_for(practitioner).get(reverse("patients:chart", args=[patient.pk]))
    hidden = client_for(receptionist).get(reverse("patients:chart", args=[patient.pk]))

    assert "2 photographs" in page.content.decode()
    assert "Letter" not in hidden.content.decode()
    assert reverse("patients:files", args=[patient.pk]) not in hidden.content.decode()
    entries = list(file_entries(patient.clinic, actor_of(practitioner), patient, NOW, limit=10))
    assert sorted((one.title, one.detail) for one in entries) == [
        ("2 photographs", "Neck, Face"),
        ("Letter", "Document"),
    ]
    assert not list(file_entries(patient.clinic, actor_of(receptionist), patient, NOW, limit=10))
    assert file_entries in panels._sources.values()


# --- API ------------------------------------------------------------------------------------------


def test_the_api_keeps_lists_relabels_and_withdraws(
    patient: Patient, practitioner: Membership
) -> None:
    client = Client()
    secret = ApiTokenFactory(membership=practitioner).secret
    headers = {"authorization": f"Bearer {secret}"}
    body = {"patient": str(patient.pk), "area": "face", "file": form_file(made.camera_jpeg())}

    created = client.post(reverse("api-file-list"), body, headers=headers)
    body["file"] = form_file(made.camera_jpeg())
    again = client.post(reverse("api-file-list"), body, headers=headers)
    listed = client.get(reverse("api-file-list"), {"patient": str(patient.pk)}, headers=headers)

    assert (created.status_code, again.status_code) == (201, 200)
    assert created.json()["id"] == again.json()["id"] == listed.json()["results"][0]["id"]
    assert "stored_name" not in created.json()
    url = reverse("api-file-detail", args=[created.json()["id"]])
    changed = client.patch(url, {"view": "left"}, content_type="application/json", headers=headers)
    assert (changed.json()["view"], changed.json()["area"]) == ("left", "face")
    content = client.get(created.json()["content"], headers=headers)
    assert content["Content-Type"] == "image/jpeg"
    assert b"".join(content).startswith(b"\xff\xd8")
    gone = client.post(
        f"{url}withdraw/", {"reason": "Blurred"}, content_type="application/json", headers=headers
    )
    assert gone.status_code == 204
    assert client.get(url, headers=headers).status_code == 404


def test_the_api_says_what_is_wrong(patient: Patient, practitioner: Membership) -> None:
    secret = ApiTokenFactory(membership=practitioner).secret
    body = {"patient": str(patient.pk), "file": form_file(made.bomb(), "x.png")}

    answer = Client().post(
        reverse("api-file-list"), body, headers={"authorization": f"Bearer {secret}"}
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "too_many_pixels"
    assert answer.json()["field"] == "files"
