"""Pictures and documents made in code, good and hostile, and kept through the product's services."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageDraw

from mesoclinic.audit.actors import Actor
from patients.models import Patient, PatientFile
from patients.services import FileLabels, Kept, Upload, add_file
from tests.factories.patients import NOW

SECRET = "Inês Carvalho at 48.1147 N"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
)
SKIN = (224, 182, 158)


def drawn(size: tuple[int, int] = (320, 400), tone: tuple[int, int, int] = SKIN) -> Image.Image:
    """Something like a face, so that pictures of a run can be told apart by eye."""
    image = Image.new("RGB", size, (236, 240, 242))
    width, height = size
    pen = ImageDraw.Draw(image)
    pen.ellipse((width * 0.2, height * 0.1, width * 0.8, height * 0.9), fill=tone)
    for x in (0.36, 0.58):
        pen.ellipse((width * x, height * 0.4, width * (x + 0.07), height * 0.44), fill=(70, 60, 60))
    pen.arc((width * 0.4, height * 0.6, width * 0.6, height * 0.72), 10, 170, (160, 70, 80), 6)
    return image


def jpeg(image: Image.Image | None = None, **options: Any) -> bytes:
    """A JPEG."""
    return _saved(image or drawn(), "JPEG", **options)


def png(image: Image.Image | None = None, **options: Any) -> bytes:
    """A PNG."""
    return _saved(image or drawn(), "PNG", **options)


def webp(image: Image.Image | None = None, **options: Any) -> bytes:
    """A WebP."""
    return _saved(image or drawn(), "WEBP", **options)


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def camera_jpeg(
    taken: str = "2026:02:03 14:05:06", orientation: int = 6, size: tuple[int, int] = (400, 300)
) -> bytes:
    """What a phone writes: position, owner, comment, colour profile, and lying on its side."""
    image = drawn(size)
    exif = image.getexif()
    exif[0x0112] = orientation
    exif[0x013B] = SECRET
    exif.get_ifd(0x8769)[0x9003] = taken
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 6.0, 53.0)
    return jpeg(image, exif=exif, comment=SECRET.encode(), icc_profile=_colour_profile())


@cache
def _colour_profile() -> bytes:
    """Made once: it carries the second of its making, and the same picture has the same bytes."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def bomb(width: int = 40_000, height: int = 40_000) -> bytes:
    """A PNG of a few bytes that says it has 1.6 thousand million pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(bytes(100)))
        + _chunk(b"IEND", b"")
    )


def webp_bomb(edge: int = 16_000) -> bytes:
    """A WebP whose header asks for a huge canvas."""
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + 2 * (edge - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def upload(data: bytes, name: str = "photo.jpg") -> Upload:
    """Bytes as they come from a form."""
    return Upload(name, len(data), lambda: data)


def kept(
    patient: Patient,
    data: bytes | None = None,
    *,
    actor: Actor | None = None,
    now: dt.datetime = NOW,
    name: str = "photo.jpg",
    labels: Mapping[str, Any] | None = None,
) -> Kept:
    """A file kept through the service; its labels by name."""
    return add_file(
        actor=actor or Actor.system(patient.clinic_id),
        patient=patient,
        upload=upload(data if data is not None else jpeg(), name),
        labels=FileLabels(**(labels or {"area": "face", "view": "front"})),
        now=now,
    )


def photograph(patient: Patient, data: bytes | None = None, **options: Any) -> PatientFile:
    """The row of a photograph that was kept."""
    file = kept(patient, data, **options).file
    assert file is not None
    return file
