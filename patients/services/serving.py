"""The answer that carries a file. Pages and API give the same, after their check of access."""

from __future__ import annotations

from typing import IO

from django.conf import settings
from django.http import FileResponse, HttpResponse, HttpResponseBase

from mesoclinic.common.calendar import local_date
from patients.exceptions import FileNotFound
from patients.models import Patient, PatientFile
from patients.services import vault

# Even if somebody got a page past the re-encoding, a browser would not run it.
_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def file_response(file: PatientFile, *, thumbnail: bool = False) -> HttpResponseBase:
    """The bytes of a file, or of its small version.

    Pictures are shown, everything else is a download, under a name that tells no health data.
    Where MEDIA_ACCEL_PREFIX says that nginx stands in front, nginx sends the bytes. Raises
    FileNotFound where the file is gone from the disk.
    """
    small = thumbnail and file.is_picture
    name = file.thumbnail_name if small else file.stored_name
    media_type = "image/jpeg" if small else file.media_type
    path = vault.path_of(name)
    response: HttpResponseBase
    if settings.MEDIA_ACCEL_PREFIX:
        response = HttpResponse(content_type=media_type)
        prefix = settings.MEDIA_ACCEL_PREFIX.strip("/")
        response["X-Accel-Redirect"] = f"/{prefix}/{vault.FOLDER}/{name}"
    else:
        try:
            response = FileResponse(path.open("rb"), content_type=media_type)
        except FileNotFoundError as error:
            raise FileNotFound from error
    how = "inline" if file.is_picture else "attachment"
    response["Content-Disposition"] = f'{how}; filename="{_download_name(file)}"'
    for header, value in _HEADERS.items():
        response[header] = value
    return response


def archive_response(out: IO[bytes], patient: Patient) -> FileResponse:
    """Everything held about a person (`export_patient`), named by the record and not by the person."""
    return FileResponse(
        out, as_attachment=True, filename=f"record-{patient.record_number}.zip",
        content_type="application/zip", headers={"Cache-Control": "no-store"},
    )  # fmt: skip


def _download_name(file: PatientFile) -> str:
    day = local_date(file.taken_at, file.clinic.zone)
    return f"{file.kind}-{day.isoformat()}.{file.stored_name.rpartition('.')[2]}"
