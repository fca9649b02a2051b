"""Points on the injection map, as a practised hand would set them."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal

from treatments.domain.injections import Group, MapDraft
from treatments.models import TargetArea, Technique
from treatments.views.figure import VIEWS, View

_PAIR = re.compile(r"(-?[\d.]+) (-?[\d.]+)")
_MOST = 160
# Eyes and mouth, which no grid goes over: left, top, right, bottom in units of the figure.
_SPARED = {"face": ((128, 214, 192, 254), (208, 214, 272, 254), (158, 330, 242, 373))}


def grid_on(area: TargetArea, technique: Technique, volume: Decimal | None) -> MapDraft | None:
    """A grid over the area at the technique's widest spacing; `volume` ml are shared out evenly.

    None where no figure shows the area, or the technique reaches no layer that is allowed there.
    """
    view = next((one for one in VIEWS if area.key in one.areas), None)
    layer = next((one for one in technique.layers if one not in area.forbidden_layers), None)
    if view is None or layer is None:
        return None
    points = _points(view, area.key, float(technique.spacing_max_mm))
    if not points:
        return None
    most = technique.point_volume_max_ml or Decimal("0.02")
    each = most if volume is None else min(volume / len(points), most)
    each = each.quantize(Decimal("0.0001"), ROUND_DOWN)
    if not each:
        return None
    group = Group(
        view=view.name,
        area=str(area.pk),
        technique=str(technique.pk),
        layer=layer,
        depth=str(technique.depth_min_mm),
        volume=str(each),
        syringe=1,
        points=tuple(points),
    )
    return MapDraft(groups=(group,))


def _points(view: View, key: str, spacing_mm: float) -> list[tuple[Decimal, Decimal]]:
    """Nodes of a grid, wide enough for `_MOST` points at most, in percent of the box."""
    step = max(spacing_mm / view.mm, view.least)
    while len(found := _nodes(view, key, step)) > _MOST:
        step *= 1.15
    width, height = view.size
    return [(_percent(x, width), _percent(y, height)) for x, y in found]


def _nodes(view: View, key: str, step: float) -> list[tuple[float, float]]:
    """Nodes in the ellipse of each part of the area, in units of the figure."""
    found = []
    for part in filter(None, view.areas[key].split("M")):
        pairs = [(float(x), float(y)) for x, y in _PAIR.findall(part)]
        left, right = min(x for x, _y in pairs), max(x for x, _y in pairs)
        top, bottom = min(y for _x, y in pairs), max(y for _x, y in pairs)
        x_half, y_half = (right - left) / 2 * 0.75 or 1, (bottom - top) / 2 * 0.7 or 1
        across, down = int(x_half / step), int(y_half / step)
        for row in range(-down, down + 1):
            for column in range(-across, across + 1):
                dx, dy = column * step, row * step
                if (dx / x_half) ** 2 + (dy / y_half) ** 2 <= 1:
                    x, y = (left + right) / 2 + dx, (top + bottom) / 2 + dy
                    if not _is_spared(view, x, y):
                        found.append((x, y))
    return found


def _is_spared(view: View, x: float, y: float) -> bool:
    boxes = _SPARED.get(view.name, ())
    return any(left < x < right and top < y < bottom for left, top, right, bottom in boxes)


def _percent(value: float, whole: int) -> Decimal:
    return Decimal(str(round(100 * value / whole, 2)))
