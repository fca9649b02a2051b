"""The injection map: points in percent of a picture, syringes, and how a dose spreads over them.

Pure. Volumes are exact decimals in ml, depths in mm, positions percent of the view's box (0 to
100, two decimals). What comes from a browser is read leniently: a part that makes no sense is left
out or empty, so that a draft is never lost; `problems` of the caller say what is missing.
Depths, layers and spacing of techniques: docs/clinical-defaults.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

# Figures a point may lie on.
VIEWS = ("face", "face_left", "face_right", "scalp", "front", "back")
# A session with more points than this was not charted by hand.
MAX_POINTS = 3000
MAX_GROUPS = 200
MAX_SYRINGES = 9
STEP = Decimal("0.001")
_PLACES = Decimal("0.01")
_HUNDRED = Decimal(100)

Point = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class SyringeDraft:
    """One mixture: its number (1 to 9), when it was drawn up (ISO instant), its volume as typed."""

    number: int
    drawn_up_at: str = ""
    volume: str = ""

    @property
    def volume_ml(self) -> Decimal | None:
        """The volume as an exact number above zero, None where nothing readable was typed."""
        return amount_of(self.volume, STEP)


@dataclass(frozen=True)
class Group:
    """Points set alike. Ids are text as drawn; depth and volume as typed; all may be empty."""

    view: str
    area: str
    technique: str
    layer: str
    depth: str
    volume: str
    syringe: int
    points: tuple[Point, ...]

    @property
    def depth_mm(self) -> Decimal | None:
        """Depth in mm with one decimal; zero is the surface. None where it can't be read."""
        return amount_of(self.depth, Decimal("0.1"), least=Decimal(0), most=Decimal(99))

    @property
    def point_ml(self) -> Decimal | None:
        """Volume of one point with four decimals, above zero. None where it can't be read."""
        return amount_of(self.volume, Decimal("0.0001"), most=Decimal(10))

    @property
    def total_ml(self) -> Decimal:
        """Volume of all points; zero while that of one is unknown."""
        return (self.point_ml or Decimal(0)) * len(self.points)


@dataclass(frozen=True)
class MapDraft:
    """What is drawn so far."""

    syringes: tuple[SyringeDraft, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def points(self) -> int:
        """How many points there are."""
        return sum(len(group.points) for group in self.groups)

    @property
    def total_ml(self) -> Decimal:
        """Volume of all points."""
        return sum((group.total_ml for group in self.groups), Decimal(0))

    def syringe(self, number: int) -> SyringeDraft:
        """The syringe with this number; an empty one where none was described."""
        return next((one for one in self.syringes if one.number == number), SyringeDraft(number))

    def given_ml(self, number: int) -> Decimal:
        """Volume of the points of one syringe."""
        mine = (group.total_ml for group in self.groups if group.syringe == number)
        return sum(mine, Decimal(0))


def amount_of(
    text: str, step: Decimal, *, least: Decimal | None = None, most: Decimal = Decimal(1_000_000)
) -> Decimal | None:
    """A typed number (point or comma), a multiple of `step`; above zero, or from `least`."""
    try:
        number = Decimal(str(text).strip().replace(",", "."))
    except InvalidOperation:
        return None
    if not number.is_finite() or number >= most:
        return None
    if number < least if least is not None else number <= 0:
        return None
    return number if number == number.quantize(step) else None


def read_map(data: object) -> MapDraft:
    """A map as the browser or the draft column holds it. Never raises; nonsense is left out."""
    source = data if isinstance(data, Mapping) else {}
    groups: list[Group] = []
    room = MAX_POINTS
    for one in _list(source.get("groups"))[:MAX_GROUPS]:
        group = _group(one, room)
        if group is not None:
            groups.append(group)
            room -= len(group.points)
    numbers: dict[int, SyringeDraft] = {}
    for one in _list(source.get("syringes"))[:MAX_SYRINGES]:
        number = _number(one.get("number"))
        numbers.setdefault(
            number,
            SyringeDraft(number, _text(one.get("drawn_up_at"), 40), _text(one.get("volume"), 20)),
        )
    return MapDraft(tuple(numbers[key] for key in sorted(numbers)), tuple(groups))


def map_as_json(drawn: MapDraft) -> dict[str, Any]:
    """The map for the draft column and for the browser; positions as plain numbers."""
    return {
        "syringes": [
            {"number": one.number, "drawn_up_at": one.drawn_up_at, "volume": one.volume}
            for one in drawn.syringes
        ],
        "groups": [
            {
                "view": one.view, "area": one.area, "technique": one.technique,
                "layer": one.layer, "depth": one.depth, "volume": one.volume,
                "syringe": one.syringe, "points": [[float(x), float(y)] for x, y in one.points],
            }
            for one in drawn.groups
        ],
    }  # fmt: skip


def spread(
    amount: Decimal, weights: Sequence[Decimal], step: Decimal = STEP
) -> tuple[Decimal, ...]:
    """Split `amount` by `weights` into multiples of `step` whose sum is exactly `amount`.

    Largest remainders get the odd steps, earlier places first, so that no part is further than one
    step from its share. `amount` is a multiple of `step`; weights are zero or more, not all zero.
    Raises ValueError otherwise.
    """
    total = sum(weights, Decimal(0))
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be zero or more, and not all zero")
    steps = int(amount / step)
    if steps * step != amount or steps < 0:
        raise ValueError("the amount must be a multiple of the step")
    scale = 10 ** max(0, *(-_exponent(one) for one in weights))
    shares = [int(one * scale) for one in weights]
    whole = sum(shares)
    parts = [steps * share // whole for share in shares]
    rests = [steps * share % whole for share in shares]
    odd = steps - sum(parts)
    for place in sorted(range(len(parts)), key=lambda one: (-rests[one], one))[:odd]:
        parts[place] += 1
    return tuple(part * step for part in parts)


def depths(groups: Iterable[Group]) -> tuple[Decimal, Decimal] | None:
    """The shallowest and the deepest of the readable depths."""
    known = [one.depth_mm for one in groups if one.depth_mm is not None]
    return (min(known), max(known)) if known else None


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _group(data: Mapping[str, Any], room: int) -> Group | None:
    view = _text(data.get("view"), 12)
    points = tuple(dict.fromkeys(_points(data.get("points"))))[: max(room, 0)]
    if view not in VIEWS or not points:
        return None
    return Group(
        view=view,
        area=_text(data.get("area"), 40),
        technique=_text(data.get("technique"), 40),
        layer=_text(data.get("layer"), 20),
        depth=_text(data.get("depth"), 10),
        volume=_text(data.get("volume"), 12),
        syringe=_number(data.get("syringe")),
        points=points,
    )


def _points(data: object) -> Iterable[Point]:
    for pair in data if isinstance(data, list | tuple) else ():
        if isinstance(pair, list | tuple) and len(pair) == 2:
            x, y = _percent(pair[0]), _percent(pair[1])
            if x is not None and y is not None:
                yield x, y


def _percent(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 <= number <= _HUNDRED:
        return None
    return number.quantize(_PLACES)


def _list(data: object) -> list[Mapping[str, Any]]:
    return [one for one in data if isinstance(one, Mapping)] if isinstance(data, list) else []


def _text(value: object, most: int) -> str:
    return str(value)[:most] if isinstance(value, str | int | float) else ""


def _number(value: object) -> int:
    """A syringe's number; anything else means the first."""
    text = str(value)
    return int(text) if text in {str(one) for one in range(1, MAX_SYRINGES + 1)} else 1
