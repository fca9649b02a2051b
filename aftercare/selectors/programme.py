"""The programme as people read it: steps in order of time, and in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aftercare.domain.conditions import DEEP, KINDS, Season
from aftercare.exceptions import StepNotFound, TemplateNotFound
from aftercare.models import MessageTemplate, ProgrammeStep, ProgrammeVersion
from mesoclinic.clinic.models import Clinic
from patients.selectors.facts import tag_labels
from treatments.models import Indication, Ingredient, TargetArea, Technique

Choices = list[tuple[str, Any]]

_KIND_LABELS = {
    "techniques": gettext_lazy("Technique"),
    "areas": gettext_lazy("Target area"),
    "ingredients": gettext_lazy("Ingredient"),
    "indications": gettext_lazy("Indication"),
    "flags": gettext_lazy("What the record says"),
    "seasons": gettext_lazy("Season"),
    "languages": gettext_lazy("Language"),
}
_SEASONS = {
    Season.WINTER: gettext_lazy("Winter"), Season.SPRING: gettext_lazy("Spring"),
    Season.SUMMER: gettext_lazy("Summer"), Season.AUTUMN: gettext_lazy("Autumn"),
}  # fmt: skip
_ORDER = [
    "booked", "moved", "cancelled", "invited", "consent", "held", "offered", "code", "visit", "signed",
    "deep", "finished", "expiring", "recalled", "answered",
]  # fmt: skip
_DISTANCES = {
    "minutes": lambda n: ngettext("%(n)s minute", "%(n)s minutes", n),
    "hours": lambda n: ngettext("%(n)s hour", "%(n)s hours", n),
    "days": lambda n: ngettext("%(n)s day", "%(n)s days", n),
    "months": lambda n: ngettext("%(n)s month", "%(n)s months", n),
}


@dataclass(frozen=True)
class StepLine:
    """A step in words: when it leaves, whom it is for ("" for everybody), and what it hangs on
    where its group does not say so."""

    step: ProgrammeStep
    when: str
    whom: str
    event: str = ""


@dataclass(frozen=True)
class Group:
    """The steps that hang on one event, or on events with one message each."""

    title: str
    lines: list[StepLine]
    anchor: str = ""


def programme(clinic: Clinic) -> list[Group]:
    """All steps of a clinic by what they hang on, in order of time; last, in one group, the events
    that bring one message at once. Six queries."""
    names = _names(clinic)
    groups: dict[str, list[StepLine]] = {}
    steps = ProgrammeStep.objects.for_clinic(clinic)
    for step in sorted(steps, key=_place):
        line = StepLine(step, when_in_words(step), _whom(step, names))
        groups.setdefault(step.anchor, []).append(line)
    labels = {key: str(ProgrammeStep.Anchor(key).label) for key in groups}
    single = {key for key, lines in groups.items() if len(lines) == 1 and not lines[0].step.offset}
    found = [Group(labels[key], lines, key) for key, lines in groups.items() if key not in single]
    once = [replace(groups[key][0], event=labels[key]) for key in groups if key in single]
    return [*found, Group(_("One message at once"), once)] if once else found


def step_of(clinic: Clinic, pk: UUID) -> ProgrammeStep:
    """One step. Raises `StepNotFound`."""
    found = ProgrammeStep.objects.for_clinic(clinic).filter(pk=pk).first()
    if found is None:
        raise StepNotFound
    return found


def template_of(clinic: Clinic, pk: UUID) -> MessageTemplate:
    """One template. Raises `TemplateNotFound`."""
    found = MessageTemplate.objects.for_clinic(clinic).filter(pk=pk).first()
    if found is None:
        raise TemplateNotFound
    return found


def versions(clinic: Clinic) -> list[ProgrammeVersion]:
    """The last versions, newest first."""
    return list(ProgrammeVersion.objects.for_clinic(clinic).defer("steps")[:20])


def condition_choices(clinic: Clinic) -> dict[str, tuple[Any, Choices]]:
    """What may be asked of a patient, by kind: label and choices. Five queries."""
    names = _names(clinic)
    return {kind: (_KIND_LABELS[kind], sorted_choices(names[kind])) for kind in KINDS}


def template_choices(clinic: Clinic) -> Choices:
    """The templates by key, with the subject that says most about them."""
    rows = MessageTemplate.objects.for_clinic(clinic).order_by("key")
    found: dict[str, str] = {}
    for row in rows:
        if row.key not in found or row.language == clinic.language[:2]:
            found[row.key] = row.subject
    return [(key, f"{key}: {subject}") for key, subject in found.items()]


def sorted_choices(names: dict[str, str]) -> Choices:
    """By what is read."""
    return sorted(names.items(), key=lambda one: one[1].casefold())


def when_in_words(step: ProgrammeStep) -> str:
    """ "2 days before", "3 months after, at 10:00", "at once"."""
    if not step.offset:
        return _("at once")
    n = abs(step.offset)
    said = {"distance": _DISTANCES[step.offset_unit](n) % {"n": n}}
    side = _("%(distance)s before") if step.offset < 0 else _("%(distance)s after")
    at = f"{step.at_local_time:%H:%M}" if step.at_local_time else ""
    return f"{side % said}, {at}" if at else side % said


def _whom(step: ProgrammeStep, names: dict[str, dict[str, str]]) -> str:
    said = []
    if step.which_sessions != ProgrammeStep.Which.ANY:
        said.append(str(step.get_which_sessions_display()))
    for kind in KINDS:
        keys = step.conditions.get(kind, [])
        if keys:
            said.append(", ".join(names[kind].get(key, key) for key in keys))
    return " · ".join(said)


def _place(step: ProgrammeStep) -> tuple[int, int]:
    minutes = {"minutes": 1, "hours": 60, "days": 1440, "months": 43200}
    return _ORDER.index(step.anchor), step.offset * minutes[step.offset_unit]


def _names(clinic: Clinic) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for kind, model in (
        ("techniques", Technique), ("areas", TargetArea), ("ingredients", Ingredient),
        ("indications", Indication),
    ):  # fmt: skip
        found[kind] = dict(model.objects.for_clinic(clinic).values_list("key", "name"))
    found["techniques"][DEEP] = _("Any that goes deep")
    for region in TargetArea.objects.for_clinic(clinic).values_list("region", flat=True).distinct():
        found["areas"].setdefault(region, _("Anywhere: %(region)s") % {"region": region})
    found["flags"] = {
        tag: label for tag, label in tag_labels(clinic).items() if not tag.startswith("allergen:")
    }
    found["seasons"] = {season.value: str(label) for season, label in _SEASONS.items()}
    languages = MessageTemplate.objects.for_clinic(clinic).order_by("language")
    found["languages"] = {
        one: one.upper() for one in languages.values_list("language", flat=True).distinct()
    }
    return found
