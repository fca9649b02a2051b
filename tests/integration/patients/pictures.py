"""Sending files by the page, and looking at what is kept of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from patients.models import Patient, PatientFile
from patients.services import (
    vault,
)


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
