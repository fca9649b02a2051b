"""What upper apps add to a patient's chart, without this app knowing them.

An upper app registers in its `AppConfig.ready()`:

    panels.register("plans", load_plans, "treatments/_chart_plans.html", order=20)
    panels.register_timeline(plan_entries)
    panels.register_link_page("confirm", "scheduling:link-confirm")

A loader returns the context of its template, or None where it has nothing to show to this actor
(a receptionist sees no clinical content). Loaders keep to a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

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


TimelineSource = Callable[[Clinic, Actor, Patient, datetime], Iterable[TimelineEntry]]

_panels: dict[str, Panel] = {}
_sources: dict[str, TimelineSource] = {}
_actions: dict[str, Actions] = {}
_link_pages: dict[str, str] = {}


def register(
    name: str, loader: Loader, template: str, order: int = 50, *, side: bool = False
) -> None:
    """Add a panel to the chart; a second registration of the same name replaces the first."""
    _panels[name] = Panel(name, loader, template, order, side)


def register_timeline(source: TimelineSource) -> None:
    """Add a source of time line entries."""
    _sources[f"{source.__module__}.{source.__qualname__}"] = source


def register_actions(source: Actions) -> None:
    """Add buttons to the head of the chart."""
    _actions[f"{source.__module__}.{source.__qualname__}"] = source


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
    clinic: Clinic, actor: Actor, patient: Patient, now: datetime
) -> list[TimelineEntry]:
    """All entries, newest first."""
    entries = [
        entry for source in _sources.values() for entry in source(clinic, actor, patient, now)
    ]
    # Of two things in the same instant the one told later stands first, as with all others.
    return sorted(entries, key=lambda entry: entry.at)[::-1]


def load_actions(clinic: Clinic, actor: Actor, patient: Patient) -> list[ChartAction]:
    """The buttons of upper apps."""
    return [action for source in _actions.values() for action in source(clinic, actor, patient)]
