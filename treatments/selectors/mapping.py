"""What the injection map knows beside the points: techniques, last time, doses of the course."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from treatments.domain.injections import MapDraft
from treatments.models import (
    Layer,
    SessionDose,
    SessionRecord,
    TargetArea,
    Technique,
    TreatmentPlan,
)
from treatments.selectors.drafts import plain


def map_settings(areas: Sequence[TargetArea], techniques: Sequence[Technique]) -> dict[str, Any]:
    """What may be drawn where, for the script of the map: no queries."""
    return {
        "areas": {
            str(one.pk): {"name": one.name, "key": one.key, "forbidden": one.forbidden_layers}
            for one in areas
        },
        "techniques": {
            str(one.pk): {
                "name": one.name,
                "layers": one.layers,
                "depth": [plain(one.depth_min_mm), plain(one.depth_max_mm)],
                "spacing": [plain(one.spacing_min_mm), plain(one.spacing_max_mm)],
                "most": None if one.point_volume_max_ml is None else plain(one.point_volume_max_ml),
            }
            for one in techniques
        },
        "layers": {key: str(label) for key, label in Layer.choices},
    }


def course_doses(plan: TreatmentPlan) -> list[dict[str, Any]]:
    """Cumulative dose of each ingredient in each area over the signed sessions (one query).

    For the heat map: `share` is the percent of the most heavily treated area of that ingredient.
    """
    rows = (
        SessionDose.objects.filter(
            session__planned_session__plan=plan, session__signed_at__isnull=False
        )
        .order_by("ingredient__name", "area__name")
        .values_list("ingredient__name", "unit", "area_id", "area__name")
        .annotate(amount=Sum("dose"))
    )
    found: dict[str, dict[str, Any]] = {}
    for name, unit, area, area_name, amount in rows:
        one = found.setdefault(name, {"name": name, "unit": unit, "areas": {}, "total": Decimal(0)})
        one["areas"][str(area)] = {"name": area_name, "amount": amount}
        one["total"] += amount
    for one in found.values():
        most = max(area["amount"] for area in one["areas"].values())
        for area in one["areas"].values():
            area["share"] = int(100 * area["amount"] / most)
            area["amount"] = plain(area["amount"])
        one["total"] = plain(one["total"])
    return list(found.values())


def against_last_time(drawing: MapDraft, last: MapDraft, record: SessionRecord) -> list[str]:
    """How the points of each area differ from last time, in words (one query)."""
    now, before = _by_area(drawing), _by_area(last)
    if not before or not now:
        return []
    names = dict(
        TargetArea.objects.for_clinic(record.clinic_id)
        .filter(pk__in={*now, *before} - {""})
        .values_list("pk", "name")
    )
    lines = []
    for pk, name in sorted(names.items(), key=lambda item: item[1]):
        new, old = now.get(str(pk)), before.get(str(pk))
        if new == old:
            continue
        if old is None:
            lines.append(_("%(area)s: new since last time") % {"area": name})
        elif new is None:
            words = {"area": name, "n": old[0]}
            lines.append(_("%(area)s: none, last time %(n)s points") % words)
        else:
            words = {"area": name, "n": new[0], "ml": plain(new[1])}
            words |= {"old": old[0], "old_ml": plain(old[1])}
            text = _("%(area)s: %(n)s points, %(ml)s ml; last time %(old)s, %(old_ml)s ml")
            lines.append(text % words)
    return lines


def _by_area(drawing: MapDraft) -> dict[str, tuple[int, Decimal]]:
    sums: dict[str, tuple[int, Decimal]] = {}
    for group in drawing.groups:
        count, volume = sums.get(group.area, (0, Decimal(0)))
        sums[group.area] = (count + len(group.points), volume + group.total_ml)
    return sums
