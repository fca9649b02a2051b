"""Photographs and documents: kept, relabelled, withdrawn, erased; never deleted.

The bytes are written whole before the row is; a row that is rolled back takes them along, and
`sweep_files` removes what a crash leaves behind.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.calendar import local_date, to_utc
from mesoclinic.common.errors import DomainError, Invalid
from patients.domain.filetypes import FileType, is_whole_pdf, sniff
from patients.exceptions import (
    FileIsHeic,
    FileIsSvg,
    FileNotFound,
    FileRefused,
    FileTooLarge,
    FileUnreadable,
    PatientClosed,
)
from patients.models import Patient, PatientFile
from patients.services import vault
from patients.services.judging import lock_patient
from patients.services.pictures import clean_picture

MAX_MEGABYTES = 25
MAX_FILES = 20
_GRACE = dt.timedelta(hours=24)
_BATCH = 500
_OLDEST_CAMERA = dt.date(1990, 1, 1)


@dataclass(frozen=True)
class Upload:
    """A file as it came: its own name and size are hints only."""

    name: str
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True)
class FileLabels:
    """What staff say about a file. `taken_on` None: as the camera says, else now."""

    kind: str = PatientFile.Kind.PHOTOGRAPH.value
    area: str = ""
    view: str = ""
    title: str = ""
    taken_on: dt.date | None = None


@dataclass(frozen=True)
class Kept:
    """What became of one upload: a row (`is_known`: it had been there before), or a refusal."""

    name: str
    file: PatientFile | None = None
    is_known: bool = False
    error: DomainError | None = None


@dataclass(frozen=True)
class _Prepared:
    """Bytes to store with what the row says about them."""

    content: bytes
    thumbnail: bytes
    media_type: str
    width: int | None = None
    height: int | None = None
    taken: dt.datetime | None = None


def add_files(
    *,
    actor: Actor,
    patient: Patient,
    uploads: Iterable[Upload],
    labels: FileLabels,
    now: dt.datetime,
) -> list[Kept]:
    """Keep several; each stands for itself, and one that is refused does not touch the others."""
    outcomes = []
    for upload in uploads:
        try:
            kept = add_file(actor=actor, patient=patient, upload=upload, labels=labels, now=now)
        except FileRefused as error:
            kept = Kept(upload.name, error=error)
        outcomes.append(kept)
    return outcomes


def add_file(
    *, actor: Actor, patient: Patient, upload: Upload, labels: FileLabels, now: dt.datetime
) -> Kept:
    """Keep a photograph or document. The same bytes again give the row there is.

    Raises FileRefused and its kinds (field "files"), Invalid with the field, PatientClosed.
    """
    if patient.erased_at is not None:
        raise PatientClosed
    _check_day(labels.taken_on, patient.clinic.today(now))
    data = _read(upload)
    source = hashlib.sha256(data).hexdigest()
    if known := _known(patient, source):
        return Kept(upload.name, known, is_known=True)
    prepared = _prepare(data)
    row = _row(patient, prepared, upload, labels, now)
    row.source_sha256, row.uploaded_by_id = source, actor.staff_id
    with _written(row, prepared), audited(actor):
        lock_patient(patient)
        # Of two that send the same at once, the second finds the first's row.
        known = _known(patient, source)
        if known is None:
            row.save(force_insert=True)
    if known is not None:
        vault.remove(row.stored_name, row.thumbnail_name)
        return Kept(upload.name, known, is_known=True)
    return Kept(upload.name, row)


def _known(patient: Patient, source: str) -> PatientFile | None:
    return PatientFile.objects.shown().filter(patient=patient, source_sha256=source).first()


def _read(upload: Upload) -> bytes:
    most = MAX_MEGABYTES * 1024 * 1024
    if upload.size == 0:
        raise FileUnreadable(_("This file is empty."))
    if upload.size > most:
        raise FileTooLarge(
            _("This file has more than %(n)d MB. Make it smaller, then send it again.")
            % {"n": MAX_MEGABYTES}
        )
    return upload.read()


def _prepare(data: bytes) -> _Prepared:
    """By content, whatever the name says."""
    kind = sniff(data)
    if kind.is_picture:
        picture = clean_picture(data)
        return _Prepared(
            picture.content, picture.thumbnail, picture.media_type,
            picture.width, picture.height, picture.taken,
        )  # fmt: skip
    if kind is FileType.PDF:
        if not is_whole_pdf(data):
            raise FileUnreadable
        return _Prepared(data, b"", kind.value)
    refusals = {FileType.HEIC: FileIsHeic, FileType.SVG: FileIsSvg}
    raise refusals.get(kind, FileRefused)


def _row(
    patient: Patient, prepared: _Prepared, upload: Upload, labels: FileLabels, now: dt.datetime
) -> PatientFile:
    is_picture = prepared.media_type.startswith("image/")
    kind = labels.kind if is_picture else PatientFile.Kind.DOCUMENT.value
    title = labels.title.strip()
    if not title and kind == PatientFile.Kind.DOCUMENT:
        title = PurePath(upload.name).stem[:200]
    return PatientFile(
        clinic_id=patient.clinic_id,
        patient=patient,
        kind=kind,
        title=title,
        area=labels.area,
        view=labels.view,
        taken_at=_taken_at(patient, labels.taken_on, prepared.taken, now),
        stored_name=vault.new_name(prepared.media_type),
        media_type=prepared.media_type,
        size=len(prepared.content),
        sha256=hashlib.sha256(prepared.content).hexdigest(),
        width=prepared.width,
        height=prepared.height,
        created_at=now,
    )


def _taken_at(
    patient: Patient, day: dt.date | None, camera: dt.datetime | None, now: dt.datetime
) -> dt.datetime:
    """The day staff say, with the camera's time where it agrees; else the camera's; else now."""
    zone = patient.clinic.zone
    by_camera = to_utc(camera, zone) if camera and camera.date() >= _OLDEST_CAMERA else None
    if by_camera is not None and by_camera > now:  # a camera whose clock is wrong
        by_camera = None
    if day is None:
        return by_camera or now
    for instant in (by_camera, now):
        if instant is not None and local_date(instant, zone) == day:
            return instant
    return to_utc(dt.datetime.combine(day, dt.time(12)), zone)


def _check_day(day: dt.date | None, today: dt.date) -> None:
    if day is not None and day > today:
        raise Invalid(_("This day is still to come."), field="taken_on")


@contextmanager
def _written(row: PatientFile, prepared: _Prepared) -> Iterator[None]:
    """The bytes are on the disk inside the block, and gone if it fails.

    Where the database went silent nobody knows whether it committed: then they stay, and the sweep
    decides.
    """
    try:
        vault.write(row.stored_name, prepared.content)
        if prepared.thumbnail:
            vault.write(row.thumbnail_name, prepared.thumbnail)
        yield
    except (OperationalError, InterfaceError):
        raise
    except BaseException:
        vault.remove(row.stored_name, row.thumbnail_name)
        raise


def relabel_file(
    *, actor: Actor, file: PatientFile, labels: FileLabels, now: dt.datetime
) -> PatientFile:
    """Correct title, area, view and day; `kind` stays. Raises Invalid, FileNotFound."""
    today = file.patient.clinic.today(now)
    _check_day(labels.taken_on, today)
    with audited(actor):
        row = _locked(file)
        if row.withdrawn_at is not None:
            raise FileNotFound
        row.title, row.area, row.view = labels.title.strip(), labels.area, labels.view
        zone = file.patient.clinic.zone
        if labels.taken_on is not None and local_date(row.taken_at, zone) != labels.taken_on:
            row.taken_at = _taken_at(file.patient, labels.taken_on, None, now)
        row.save(update_fields=["title", "area", "view", "taken_at"])
    return row


def withdraw_file(*, actor: Actor, file: PatientFile, reason: str, now: dt.datetime) -> PatientFile:
    """Take it out of sight for good, with a reason; the record keeps it. Raises Invalid."""
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Say why, for example “belongs to another patient”."), field="reason")
    with audited(actor):
        row = _locked(file)
        if row.withdrawn_at is None:  # a second click finds it done
            row.withdrawn_at, row.withdrawn_reason = now, reason[:300]
            row.withdrawn_by_id = actor.staff_id
            row.save(update_fields=["withdrawn_at", "withdrawn_reason", "withdrawn_by"])
    return row


def _locked(file: PatientFile) -> PatientFile:
    row = PatientFile.objects.select_for_update(of=("self",)).filter(pk=file.pk).first()
    if row is None or row.erased_at is not None:
        raise FileNotFound
    return row


def erase_files(*, actor: Actor, patient: Patient, now: dt.datetime) -> int:
    """Remove the bytes and the words of all files of a person; returns how many.

    The rows stay, empty. The bytes go when the transaction has been committed; what a crash leaves
    goes with the next sweep.
    """
    with audited(actor):
        rows = list(
            PatientFile.objects.select_for_update().filter(patient=patient, erased_at__isnull=True)
        )
        for row in rows:
            row.title, row.area, row.view, row.erased_at = "", "", "", now
            if row.withdrawn_at is not None:
                row.withdrawn_reason = "erased"
            row.save(update_fields=["title", "area", "view", "erased_at", "withdrawn_reason"])
            transaction.on_commit(partial(vault.remove, row.stored_name, row.thumbnail_name))
    return len(rows)


@dataclass(frozen=True)
class Sweep:
    """What a sweep found: files without a row (removed), and rows without their file (names)."""

    removed: int
    missing: tuple[str, ...]


def sweep_files(*, now: dt.datetime, only_look: bool = False) -> Sweep:
    """Remove files that no row names and that are a day old; name rows whose file is not there.

    Reads all names of files into memory (80 bytes each). Younger files may belong to a transaction
    that is under way.
    """
    on_disk = dict(vault.stored())
    missing = []
    wanted: set[str] = set()
    rows = PatientFile.objects.filter(erased_at__isnull=True)
    for row in rows.only("stored_name", "media_type").iterator(chunk_size=_BATCH):
        names = [row.stored_name, *([row.thumbnail_name] if row.is_picture else [])]
        wanted.update(names)
        missing += [name for name in names if not vault.path_of(name).is_file()]
    before = (now - _GRACE).timestamp()
    orphans = [name for name, at in on_disk.items() if name not in wanted and at < before]
    if not only_look:
        vault.remove(*orphans)
    return Sweep(removed=len(orphans), missing=tuple(sorted(missing)))
