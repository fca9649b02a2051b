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


Rooms = Callable[[Clinic, Iterable[UUID]], Mapping[UUID, str]]
States = Callable[[Clinic, Iterable[UUID]], Mapping[UUID, str]]

_rooms: list[Rooms] = []
_messages: list[States] = []


def register_rooms(source: Rooms) -> None:
    """Say who knows in which room a session took place; the last one registered is asked."""
    _rooms[:] = [source]


def register_recall_messages(source: States) -> None:
    """Say who knows what became of the message to a patient of a recall."""
    _messages[:] = [source]


def rooms_of(clinic: Clinic, planned_sessions: Iterable[UUID]) -> Mapping[UUID, str]:
    """Names of rooms by planned session id; nothing where nobody knows."""
    return _rooms[0](clinic, planned_sessions) if _rooms else {}


def recall_messages(clinic: Clinic, contacts: Iterable[UUID]) -> Mapping[UUID, str]:
    """States (of the chips `message`) of the messages by recall contact id; nothing where nobody knows."""
    return _messages[0](clinic, contacts) if _messages else {}
