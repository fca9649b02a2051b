"""What the scheduling room tells about planned sessions, without this room knowing it.

An upper app registers in its `AppConfig.ready()`:

    panels.register_session_info(load)

`load(clinic, sessions)` gets planned session ids and returns what is known of some of them, with a
fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from mesoclinic.clinic.models import Clinic


@dataclass(frozen=True)
class SessionInfo:
    """The visit of a planned session: its local day, words for it, a link, and a chip state."""

    on: date
    label: str
    url: str = ""
    state: str = "info"
    icon: str = "calendar-check"


SessionInfoLoader = Callable[[Clinic, Iterable[UUID]], Mapping[UUID, SessionInfo]]

_loaders: dict[str, SessionInfoLoader] = {}


def register_session_info(loader: SessionInfoLoader) -> None:
    """Add a source; a second registration of the same function replaces the first."""
    _loaders[f"{loader.__module__}.{loader.__qualname__}"] = loader


def session_info(clinic: Clinic, sessions: Iterable[UUID]) -> dict[UUID, SessionInfo]:
    """What all sources know of these sessions."""
    wanted = list(sessions)
    found: dict[UUID, SessionInfo] = {}
    for loader in _loaders.values():
        found.update(loader(clinic, wanted))
    return found
