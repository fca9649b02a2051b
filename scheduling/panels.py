"""What upper apps add to this room's pages, without this room knowing them.

An upper app registers in its `AppConfig.ready()`:

    panels.register_message_preview(preview)

`preview(clinic, patient, visits, now)` says which messages would be planned if these visits were
booked, before they are. It keeps to a fixed number of queries and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mesoclinic.clinic.models import Clinic
from patients.models import Patient


@dataclass(frozen=True)
class PreviewLine:
    """One message: when it would leave (UTC; None: at once) and its name."""

    at: datetime | None
    title: str


@dataclass(frozen=True)
class MessagePreview:
    """`summary` is one line ("1 confirmation now, 31 messages planned"), `lines` all of them."""

    summary: str
    lines: tuple[PreviewLine, ...] = ()


Preview = Callable[[Clinic, Patient, Sequence[datetime], datetime], MessagePreview | None]

_previews: dict[str, Preview] = {}


def register_message_preview(source: Preview) -> None:
    """Name who knows what will be sent; a second registration of the same function replaces it."""
    _previews[f"{source.__module__}.{source.__qualname__}"] = source


def message_preview(
    clinic: Clinic, patient: Patient, starts: Sequence[datetime], now: datetime
) -> MessagePreview | None:
    """What would be sent for visits at `starts`; None where nobody knows."""
    for source in _previews.values():
        found = source(clinic, patient, starts, now)
        if found is not None:
            return found
    return None
