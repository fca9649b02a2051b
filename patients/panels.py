"""What upper apps add to a patient's chart, without this app knowing them.

An upper app registers in its `AppConfig.ready()`:

    panels.register("plans", load_plans, "treatments/_chart_plans.html", order=20)
    panels.register_timeline(plan_entries, {"plan": _("Plans")})
    panels.register_link_page("confirm", "scheduling:link-confirm")

A loader returns the context of its template, or None where it has nothing to show to this actor
(a receptionist sees no clinical content). Loaders keep to a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients.models import Patient

Context = dict[str, object]
Loader = Callable[[Clinic, Actor, Patient, datetime], Context | None]
Actions = Callable[[Clinic, Actor, Patient], "Iterable[ChartAction]"]


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened or will: `at` (UTC), `state` as in the chip, a Bootstrap icon."""

    at: datetime
    kind: str
    title: str
    detail: str = ""
    url: str = ""
    state: str = "neutral"
    icon: str = "circle"


@dataclass(frozen=True)
class ChartAction:
    """A button in the head of the chart ("Book a visit"); `primary` is used for one at most."""

    label: str
    url: str
    icon: str = ""
    primary: bool = False


@dataclass(frozen=True)
class Panel:
    """A card on the chart: `side` panels stand in the narrow column."""

    name: str
    loader: Loader
    template: str
    order: int = 50
    side: bool = False


@dataclass(frozen=True)
class ShownPanel:
    """A panel with what its loader found."""

    name: str
    template: str
    side: bool
    context: Context


class TimelineSource(Protocol):
    """Yields the newest `limit` entries of each of its kinds, in a fixed number of queries."""

    __name__: str
    __qualname__: str

    def __call__(
        self, clinic: Clinic, actor: Actor, patient: Patient, now: datetime, /, *, limit: int
    ) -> Iterable[TimelineEntry]: ...


@dataclass(frozen=True)
class Timeline:
    """A stretch of the time line: newest first, the kinds there are, whether older ones follow."""

    entries: tuple[TimelineEntry, ...]
    kinds: tuple[tuple[str, str], ...]
    more: bool


@dataclass(frozen=True)
class Vocabulary:
    """What rules may be limited to, by key: areas of the body, and tags of ingredients."""

    areas: Mapping[str, str]
    ingredient_tags: Mapping[str, str]


VocabularyLoader = Callable[[Clinic], Vocabulary]

_vocabularies: list[VocabularyLoader] = []
_panels: dict[str, Panel] = {}
_sources: dict[str, TimelineSource] = {}
_kinds: dict[str, object] = {}
_actions: dict[str, Actions] = {}
_link_pages: dict[str, str] = {}


def register(
    name: str, loader: Loader, template: str, order: int = 50, *, side: bool = False
) -> None:
    """Add a panel to the chart; a second registration of the same name replaces the first."""
    _panels[name] = Panel(name, loader, template, order, side)


def register_timeline(source: TimelineSource, kinds: Mapping[str, object]) -> None:
    """Add a source of time line entries; `kinds` are those it yields, with the word of the filter.

    Two kinds under the same word would make two filters: give each word once.
    """
    _kinds.update(kinds)
    _sources[f"{source.__module__}.{source.__qualname__}"] = source


def register_actions(source: Actions) -> None:
    """Add buttons to the head of the chart."""
    _actions[f"{source.__module__}.{source.__qualname__}"] = source


def register_vocabulary(loader: VocabularyLoader) -> None:
    """Name the clinic's areas and ingredient tags, for those who build questionnaires."""
    _vocabularies[:] = [loader]


def load_vocabulary(clinic: Clinic) -> Vocabulary:
    """The clinic's areas and ingredient tags; empty where no app knows them."""
    return _vocabularies[0](clinic) if _vocabularies else Vocabulary({}, {})


def register_link_page(purpose: str, url_name: str) -> None:
    """Name the page (with one argument, `token`) that serves patient links of `purpose`."""
    _link_pages[purpose] = url_name


def link_page(purpose: str) -> str | None:
    """The URL name of the page for links of `purpose`, if an app serves it."""
    return _link_pages.get(purpose)


def load_panels(clinic: Clinic, actor: Actor, patient: Patient, now: datetime) -> list[ShownPanel]:
    """The panels to show, in order."""
    shown = []
    for panel in sorted(_panels.values(), key=lambda one: (one.order, one.name)):
        context = panel.loader(clinic, actor, patient, now)
        if context is not None:
            shown.append(ShownPanel(panel.name, panel.template, panel.side, context))
    return shown


def load_timeline(
    clinic: Clinic,
    actor: Actor,
    patient: Patient,
    now: datetime,
    *,
    kind: str = "",
    shown: slice = slice(0, 30),
) -> Timeline:
    """The entries `shown` of one `kind` ("" for all), newest first.

    Every source is asked for one entry more than is shown, so that the cost does not grow with
    the history and it is known whether more follows.
    """
    wanted = shown.stop + 1
    entries = [
        entry
        for source in _sources.values()
        for entry in source(clinic, actor, patient, now, limit=wanted)
    ]
    present = {entry.kind for entry in entries}
    # Of two things in the same instant the one told later stands first, as with all others.
    ordered = sorted(entries, key=lambda entry: entry.at)[::-1]
    chosen = [entry for entry in ordered if not kind or entry.kind == kind]
    return Timeline(
        entries=tuple(chosen[shown]),
        kinds=tuple((key, str(word)) for key, word in _kinds.items() if key in present),
        more=len(chosen) > shown.stop,
    )


def load_actions(clinic: Clinic, actor: Actor, patient: Patient) -> list[ChartAction]:
    """The buttons of upper apps."""
    return [action for source in _actions.values() for action in source(clinic, actor, patient)]
