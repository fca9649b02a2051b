"""Pictures from outside, decoded with care and written anew: only the pixels are kept."""

from __future__ import annotations

import datetime as dt
import struct
import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

from patients.domain.filetypes import FileType, announced_size, sniff
from patients.exceptions import FileUnreadable, TooManyPixels

MAX_MEGAPIXELS = 60
MAX_EDGE = 4096
"""Pixels: longer edges are scaled down. Enough for any screen, and for a pore."""
THUMBNAIL_EDGE = 480
_MAX_PIXELS = MAX_MEGAPIXELS * 1_000_000
_QUALITY = 90

# Pillow's own guard, for whatever it opens in this process: a warning of a bomb is an error.
Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError,
    struct.error, ZeroDivisionError,
)  # fmt: skip
_EXIF_PART, _EXIF_TAKEN = 0x8769, 0x9003


@dataclass(frozen=True)
class Picture:
    """What is stored of a picture. `taken` is the camera's clock: local time without a zone."""

    content: bytes
    thumbnail: bytes
    media_type: str
    width: int
    height: int
    taken: dt.datetime | None


def clean_picture(data: bytes) -> Picture:
    """A JPEG, PNG or WebP as new pixels, upright, in sRGB, without anything else it carried.

    What hides behind, between or beside the pixels (position, name of the owner, previews, appended
    pages or archives) is not copied. Raises TooManyPixels before anything is decoded, and
    FileUnreadable.
    """
    _check_pixels(announced_size(data))
    try:
        with Image.open(BytesIO(data), formats=(sniff(data).name,)) as source:
            _check_pixels(source.size)
            # A JPEG is decoded smaller where that is enough.
            source.draft("RGB", (MAX_EDGE, MAX_EDGE))
            taken = _taken(source)
            image = _upright(source)
        image.thumbnail((MAX_EDGE, MAX_EDGE), Image.Resampling.LANCZOS)
        return _written(image, lossless=sniff(data) is FileType.PNG, taken=taken)
    except _BOMBS as error:
        raise _too_many() from error
    except _DAMAGE as error:
        raise FileUnreadable from error


def _check_pixels(size: tuple[int, int] | None) -> None:
    if size is not None and size[0] * size[1] > _MAX_PIXELS:
        raise _too_many()


def _too_many() -> TooManyPixels:
    return TooManyPixels(
        _("This picture has more than %(n)d million pixels. Make it smaller, then send it again.")
        % {"n": MAX_MEGAPIXELS}
    )


def _upright(source: Image.Image) -> Image.Image:
    """Decoded, turned as the camera was held, in plain RGB on white."""
    profile = source.info.get("icc_profile")
    image = ImageOps.exif_transpose(source)
    if image.mode.startswith("I"):  # 16 bits a pixel: keep the upper eight
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"P", "PA", "LA"} or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    if profile:
        with suppress(ImageCms.PyCMSError, *_DAMAGE):  # a broken profile: colours as they come
            return _in_srgb(image, profile)
    return image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours of the camera's own space in the one every screen knows: redness must compare."""
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    return converted if converted is not None else image.convert("RGB")


def _taken(source: Image.Image) -> dt.datetime | None:
    """When the camera says it was taken; None where it says nothing sensible."""
    with suppress(*_DAMAGE):
        text = source.getexif().get_ifd(_EXIF_PART).get(_EXIF_TAKEN, "")
        return dt.datetime.strptime(str(text).strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
    return None


def _written(image: Image.Image, *, lossless: bool, taken: dt.datetime | None) -> Picture:
    image.info = {}  # writers copy comments and profiles from here
    small = image.copy()
    small.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE), Image.Resampling.LANCZOS)
    kind = FileType.PNG if lossless else FileType.JPEG
    return Picture(
        content=_encoded(image, kind),
        thumbnail=_encoded(small, FileType.JPEG),
        media_type=kind.value,
        width=image.width,
        height=image.height,
        taken=taken,
    )


def _encoded(image: Image.Image, kind: FileType) -> bytes:
    out = BytesIO()
    if kind is FileType.PNG:
        image.save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=_QUALITY, subsampling=0, progressive=True)
    return out.getvalue()
