"""What is held about a person, table by table: how it is handed out, and what erasing does to it.

Every app says so for each of its tables from which foreign keys lead to a patient, in its
`AppConfig.ready()`:

    holdings.register(SessionRecord, Fate.TREATMENT, order=330, quiet=("draft",))

Handing out and erasing walk the tables themselves (`patients.selectors.paths`), so a table that
nobody has registered is handed out whole and erased at once; a test names it
(tests/integration/patients/test_rights.py). docs/patients-rights.md tells what to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from patients.domain.dossier import Line
from patients.models import Patient

Lines = Callable[[Any], Iterable[Line]]
Called = Callable[[Any], str | dt.datetime]
Eraser = Callable[["QuerySet[Any]"], None]
LastTreatment = Callable[[Collection[UUID]], dt.date | None]
Obstacle = Callable[[Patient, dt.datetime], str | None]
UnderWay = Callable[[Collection[UUID]], str | None]
Resources = Callable[[Collection[UUID]], Iterable[dict[str, Any]]]


class Fate(Enum):
    """What becomes of the rows of a table when a person asks to be forgotten.

    GOES: erased at once. TREATMENT: part of the record of treatment, which the law wants kept for
    some years after the last treatment; erased then, or at once where nobody was treated.
    """

    GOES = "goes"
    TREATMENT = "treatment"


@dataclass(frozen=True)
class Holding:
    """One table. Columns in `secret` are never handed out (digests of links), those in `quiet`
    are in the JSON but not in the readable document; `lines` makes the readable lines of a row
    where its columns alone would not be understood, `called` is what other rows call it where
    `str` would not be, in a word or by an instant; `erase` replaces the deletion of rows.
    """

    model: type[Model]
    fate: Fate = Fate.GOES
    order: int = 900
    title: object = ""
    secret: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    lines: Lines | None = None
    called: Called | None = None
    erase: Eraser | None = None

    @property
    def name(self) -> str:
        """The heading of its rows."""
        return str(self.title or self.model._meta.verbose_name_plural)


_holdings: dict[type[Model], Holding] = {}
_last_treatments: list[LastTreatment] = []
_obstacles: list[Obstacle] = []
_under_way: list[UnderWay] = []
_resources: list[Resources] = []


def register(model: type[Model], fate: Fate, *, order: int, **more: Any) -> None:
    """Say how the rows of `model` are handed out and what erasing does; see `Holding`."""
    _holdings[model] = Holding(model, fate, order, **more)


def register_last_treatment(source: LastTreatment) -> None:
    """Tell when somebody was treated last (a local day): the years of keeping count from there."""
    if source not in _last_treatments:
        _last_treatments.append(source)


def register_obstacle(source: Obstacle) -> None:
    """Tell, in a sentence, what must be settled before a person can be erased."""
    if source not in _obstacles:
        _obstacles.append(source)


def register_under_way(source: UnderWay) -> None:
    """Tell, in a sentence, what would end with an erasure (see `signals.record_closing`)."""
    if source not in _under_way:
        _under_way.append(source)


def register_resources(source: Resources) -> None:
    """Add FHIR resources about these patients to what is handed out; `subject` is filled in."""
    if source not in _resources:
        _resources.append(source)


def is_registered(model: type[Model]) -> bool:
    """Whether somebody has said what to do with it."""
    return model in _holdings


def holding(model: type[Model]) -> Holding:
    """What was said about a table; where nothing was: everything is handed out, and goes."""
    return _holdings.get(model) or Holding(model)


def last_treatment(patients: Collection[UUID]) -> dt.date | None:
    """The day of the last treatment of any of these entries."""
    days = [day for source in _last_treatments if (day := source(patients)) is not None]
    return max(days, default=None)


def obstacles(patient: Patient, now: dt.datetime) -> list[str]:
    """Sentences about what stands in the way of erasing."""
    return [text for source in _obstacles if (text := source(patient, now))]


def under_way(patients: Collection[UUID]) -> list[str]:
    """Sentences about what would end with an erasure of these entries."""
    return [text for source in _under_way if (text := source(patients))]


def more_resources(patients: Collection[UUID]) -> list[dict[str, Any]]:
    """FHIR resources that upper apps add."""
    return [one for source in _resources for one in source(patients)]
