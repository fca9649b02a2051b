"""Cocktail versions: a change is a new version, checked anew; consent is asked for again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from treatments.domain.cocktail import Finding, Level
from treatments.exceptions import (
    ChangeNoteMissing,
    CocktailMovedOn,
    CocktailStopped,
    NothingChanged,
    WrongPlanStatus,
)
from treatments.models import Cocktail, CocktailItem, Ingredient, TreatmentPlan
from treatments.selectors.checks import Line, Question, check_for_patient
from treatments.services.rights import check_can_treat, signer_of

_PLACES = Decimal("0.001")


@dataclass(frozen=True)
class Version:
    """A cocktail to be stored: its ingredients, and what changed since the version before.

    `since` is the number of the version it was made from, where that one was shown to somebody.
    """

    lines: tuple[Line, ...]
    change_note: str = ""
    since: int | None = None


def new_cocktail_version(
    *, plan: TreatmentPlan, version: Version, actor: Actor, now: dt.datetime
) -> Cocktail:
    """The next version of a plan's cocktail. The version before stays as it was signed.

    Raises ChangeNoteMissing, NothingChanged, CocktailStopped (with the first absolute finding in
    its message), CocktailMovedOn when `since` is no longer the newest, WrongPlanStatus for a plan
    that is over, Forbidden.
    """
    check_can_treat(actor)
    if not version.change_note.strip():
        raise ChangeNoteMissing(field="change_note")
    with audited(actor):
        plan = TreatmentPlan.objects.select_for_update(of=("self",)).select_related(
            "clinic", "patient"
        ).get(pk=plan.pk)  # fmt: skip
        if plan.status not in {TreatmentPlan.Status.DRAFT, TreatmentPlan.Status.ACTIVE}:
            raise WrongPlanStatus
        return add_version(plan, version, actor=actor, now=now)


def add_version(
    plan: TreatmentPlan, version: Version, *, actor: Actor, now: dt.datetime
) -> Cocktail:
    """Check and store one more version; inside the caller's transaction."""
    units = _units(plan, version.lines)
    stop_if_absolute(check_lines(plan, version.lines, plan.clinic.today(now)))
    last = plan.cocktails.order_by("-version").first()
    if last is not None and version.since not in {None, last.version}:
        raise CocktailMovedOn(last.version, last.change_note)
    if last is not None and contents(last) == _as_contents(version.lines):
        raise NothingChanged
    cocktail = Cocktail.objects.create(
        clinic_id=plan.clinic_id,
        patient_id=plan.patient_id,
        plan=plan,
        version=1 if last is None else last.version + 1,
        change_note=version.change_note.strip()[:300],
        created_by_id=signer_of(actor, plan.practitioner_id),
        created_at=now,
    )
    CocktailItem.objects.bulk_create(
        CocktailItem(
            clinic_id=plan.clinic_id,
            patient_id=plan.patient_id,
            cocktail=cocktail,
            ingredient_id=line.ingredient_id,
            dose=line.dose,
            unit=units[line.ingredient_id],
            created_at=now,
        )
        for line in version.lines
    )
    return cocktail


def check_current(plan: TreatmentPlan, on: dt.date) -> tuple[Finding, ...]:
    """Check the stored cocktail again for the local day `on`; raises CocktailStopped."""
    cocktail = plan.cocktails.order_by("-version").first()
    if cocktail is None:
        raise CocktailStopped(_("Put a cocktail together first."))
    lines = tuple(Line(item.ingredient_id, item.dose) for item in cocktail.items.all())
    findings = check_lines(plan, lines, on)
    stop_if_absolute(findings)
    return findings


def check_lines(plan: TreatmentPlan, lines: tuple[Line, ...], on: dt.date) -> tuple[Finding, ...]:
    """The findings of a cocktail for the plan's patient, areas and techniques."""
    question = Question(
        lines=lines,
        area_ids=frozenset(plan.areas.values_list("pk", flat=True)),
        technique_ids=frozenset(plan.techniques.values_list("pk", flat=True)),
        on=on,
        plan=plan,
    )
    return check_for_patient(plan.clinic, plan.patient, question)


def stop_if_absolute(findings: Iterable[Finding]) -> None:
    """Raise CocktailStopped, saying every absolute finding and what to do about it."""
    stops = [one for one in findings if one.level is Level.STOP]
    if stops:
        raise CocktailStopped(" ".join(f"{one.what} {one.what_to_do}" for one in stops))


def contents(cocktail: Cocktail) -> frozenset[tuple[UUID, str]]:
    """What is in a version: ingredient ids with exact doses."""
    return frozenset(
        (item.ingredient_id, format(item.dose.normalize(), "f")) for item in cocktail.items.all()
    )


def _as_contents(lines: Iterable[Line]) -> frozenset[tuple[UUID, str]]:
    return frozenset((line.ingredient_id, format(line.dose.normalize(), "f")) for line in lines)


def _units(plan: TreatmentPlan, lines: tuple[Line, ...]) -> dict[UUID, str]:
    ids = [line.ingredient_id for line in lines]
    rows = Ingredient.objects.for_clinic(plan.clinic_id).filter(pk__in=ids, is_active=True)
    units = dict(rows.values_list("pk", "unit"))
    if not lines:
        raise Invalid(_("Put at least one ingredient in."), code="cocktail_empty", field="lines")
    if len(set(ids)) != len(ids):
        raise Invalid(
            _("Each ingredient stands in a cocktail once."), code="ingredient_twice", field="lines"
        )
    if set(units) != set(ids):
        raise Invalid(_("Choose one from the list."), code="not_in_catalogue", field="lines")
    if any(line.dose <= 0 or line.dose != line.dose.quantize(_PLACES) for line in lines):
        raise Invalid(
            _("Every ingredient needs a dose above zero, with three decimals at most."),
            code="dose_missing",
            field="lines",
        )
    return units
