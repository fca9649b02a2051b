"""How a clinic's mails look: its colour and its logo."""

from __future__ import annotations

from io import BytesIO
from typing import IO

from PIL import Image, UnidentifiedImageError

from aftercare.exceptions import NotAPicture, UnreadableColour
from aftercare.models import MessageSettings
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic

# Twice the size it is shown at, for screens with fine pixels; in CSS pixels at most 200 by 48.
_WIDEST, _HIGHEST = 400, 96
_MOST_PIXELS = 20_000_000
_READABLE = 4.5
_HALF = 2


def settings_of(clinic: Clinic) -> MessageSettings:
    """What the clinic has chosen, or the defaults (not stored)."""
    return MessageSettings.objects.for_clinic(clinic).first() or MessageSettings(clinic=clinic)


def save_settings(
    *,
    actor: Actor,
    clinic: Clinic,
    accent: str,
    daily_cap: int,
    logo: IO[bytes] | None = None,
    without_logo: bool = False,
) -> MessageSettings:
    """Save colour (`#rrggbb`), cap and a new logo, or take the logo away.

    Raises `UnreadableColour`, `NotAPicture`.
    """
    if contrast_with_white(accent) < _READABLE:
        raise UnreadableColour(field="accent")
    picture = None if logo is None else small_png(logo)
    with audited(actor):
        row, _created = MessageSettings.objects.select_for_update().get_or_create(clinic=clinic)
        row.accent, row.daily_cap = accent.lower(), daily_cap
        if picture is not None:
            row.logo, row.logo_width, row.logo_height = picture
        elif without_logo:
            row.logo, row.logo_width, row.logo_height = None, 0, 0
        row.save()
    return row


def contrast_with_white(colour: str) -> float:
    """The WCAG contrast of white words on `#rrggbb`, from 1 to 21."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def small_png(file: IO[bytes]) -> tuple[bytes, int, int]:
    """The picture drawn anew as a small PNG, with the size it is shown at. Raises `NotAPicture`."""
    try:
        with Image.open(file, formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise NotAPicture(field="logo")
            drawn = image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise NotAPicture(field="logo") from error
    drawn.thumbnail((_WIDEST, _HIGHEST))
    out = BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue(), max(drawn.width // _HALF, 1), max(drawn.height // _HALF, 1)
