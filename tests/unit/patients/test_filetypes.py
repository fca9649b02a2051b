"""Types told by content, and sizes read from headers without decoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.domain.filetypes import FileType, announced_size, is_whole_pdf, sniff

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00\x00\x9c\x40\x00\x00\x00\x02"


def webp(chunk: bytes, payload: bytes) -> bytes:
    return b"RIFF\x00\x00\x00\x00WEBP" + chunk + b"\x00\x00\x00\x00" + payload


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0", FileType.JPEG),
        (PNG, FileType.PNG),
        (webp(b"VP8 ", b""), FileType.WEBP),
        (b"%PDF-1.7", FileType.PDF),
        (b"\x00\x00\x00\x18ftypheic", FileType.HEIC),
        (b"\x00\x00\x00\x18ftypmif1", FileType.HEIC),
        (b"\x00\x00\x00\x18ftypisom", FileType.OTHER),
        (b"<svg/>", FileType.SVG),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?>\n<!-- x --><SVG>", FileType.SVG),
        ("<svg/>".encode("utf-16"), FileType.SVG),
        (b"<html>", FileType.OTHER),
        (b"text <svg>", FileType.OTHER),
        (b" %PDF-1.7", FileType.OTHER),
        (b"", FileType.OTHER),
    ],
)
def test_sniff(data: bytes, kind: FileType) -> None:
    assert sniff(data) is kind
    assert kind.is_picture == (kind in {FileType.JPEG, FileType.PNG, FileType.WEBP})


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (PNG, (40_000, 2)),
        (webp(b"VP8X", bytes(4) + b"\x7f\x3e\x00\x01\x00\x00"), (16_000, 2)),
        (webp(b"VP8L", b"\x2f" + (799 | 599 << 14).to_bytes(4, "little") + bytes(9)), (800, 600)),
        (webp(b"VP8 ", bytes(6) + b"\x20\x03\x58\x02"), (800, 600)),
        (webp(b"ALPH", bytes(20)), None),
        (PNG[:20], None),
        (webp(b"VP8X", b""), None),
        (b"\xff\xd8\xff" + bytes(40), None),
    ],
)
def test_announced_size(data: bytes, size: tuple[int, int] | None) -> None:
    assert announced_size(data) == size


def test_a_pdf_has_an_end() -> None:
    assert is_whole_pdf(b"%PDF-1.4 ... %%EOF\n")
    assert not is_whole_pdf(b"%PDF-1.4 ...")
    assert not is_whole_pdf(b"%%EOF")


@given(st.sampled_from([b"", PNG, b"RIFF0000WEBPVP8X", b"\xff\xd8\xff", b"%PDF-"]), st.binary())
def test_no_bytes_upset_it(start: bytes, rest: bytes) -> None:
    sniff(start + rest)
    announced_size(start + rest)
    is_whole_pdf(start + rest)
