"""What a file is, told by its first bytes: names and declared types are not believed."""

from __future__ import annotations

from enum import Enum

HEAD_BYTES = 1024
"""How many first bytes `sniff` needs."""


class FileType(Enum):
    """Kinds told apart; the value is the media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"
    HEIC = "image/heic"
    SVG = "image/svg+xml"
    OTHER = "application/octet-stream"

    @property
    def is_picture(self) -> bool:
        """Can be decoded and written anew."""
        return self in {FileType.JPEG, FileType.PNG, FileType.WEBP}


_PNG = b"\x89PNG\r\n\x1a\n"
# Brands of ISO media files with still pictures: HEIC of phones, and its relatives.
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"}


def sniff(data: bytes) -> FileType:
    """The type of a file from its first `HEAD_BYTES` bytes."""
    if data.startswith(b"\xff\xd8\xff"):
        return FileType.JPEG
    if data.startswith(_PNG):
        return FileType.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return FileType.WEBP
    if data.startswith(b"%PDF-"):
        return FileType.PDF
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return FileType.HEIC
    return FileType.SVG if _looks_like_svg(data) else FileType.OTHER


def _looks_like_svg(data: bytes) -> bool:
    start = data[:HEAD_BYTES].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return start.startswith(b"<") and b"<svg" in start


def announced_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that the header of a PNG or WebP announces.

    Reading them here means that no decoder has to set memory aside for a lie. None for other types
    (a JPEG's decoder reads its header without decoding) and for headers that are cut off.
    """
    kind = sniff(data)
    if kind is FileType.PNG and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if kind is FileType.WEBP and len(data) >= 30:
        return _webp_size(data)
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    chunk = data[12:16]
    if chunk == b"VP8X":
        width, height = data[24:27], data[27:30]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = data[26:28], data[28:30]
        return int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(height, "little") & 0x3FFF
    return None


def is_whole_pdf(data: bytes) -> bool:
    """Whether a PDF has an end: one that was cut off in transit is refused."""
    return sniff(data) is FileType.PDF and b"%%EOF" in data[-2048:]
