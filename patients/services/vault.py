"""The folder where patients' files lie: random names, written whole or not at all.

Files stand below MEDIA_ROOT, which no web server hands out by itself. A file is complete and on the
disk before the row that names it is committed, so that no row ever points at half a file; a file
whose row was never committed is swept away (`patients.services.files.sweep_files`).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

FOLDER = "patients"
_SUFFIX = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


def root() -> Path:
    """The folder of all files of patients."""
    return Path(settings.MEDIA_ROOT) / FOLDER


def new_name(media_type: str) -> str:
    """A name of 128 random bits below one of 256 folders; it says nothing about anybody."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}.{_SUFFIX[media_type]}"


def path_of(name: str) -> Path:
    """Where a stored file lies."""
    return root() / name


def write(name: str, content: bytes) -> None:
    """Store under a name that is not taken: first beside it, flushed, then renamed."""
    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        _flush_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(*names: str) -> None:
    """Remove what is there of these."""
    for name in names:
        path_of(name).unlink(missing_ok=True)


def stored() -> Iterator[tuple[str, float]]:
    """Every file with the time it was last written (seconds since 1970), unfinished ones too."""
    for path in root().glob("*/*"):
        try:
            yield str(path.relative_to(root())), path.stat().st_mtime
        except FileNotFoundError:  # removed by somebody else in this moment
            continue
