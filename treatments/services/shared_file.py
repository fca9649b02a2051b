"""Reading a shared catalogue file: every problem is named with the place where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from treatments.domain.protocol import Gap, GapUnit, Phase, ProtocolSpec
from treatments.exceptions import SharedFileRefused
from treatments.models import Ingredient
from treatments.selectors.sharing import FORMAT, FORMAT_VERSION, MAX_BYTES

MOST_ENTRIES = 500
MOST_PROBLEMS = 50
_MOST_NUMBER = 1000
_KEY = re.compile(r"[-a-zA-Z0-9_]{1,80}")
_NUMBERS = (
    "sessions_min", "sessions_planned", "sessions_max", "gap_min", "gap_ideal", "gap_max"
)  # fmt: skip


@dataclass(frozen=True)
class SharedProtocol:
    """A protocol of the file; phases as in the document."""

    key: str
    name: str
    description: str
    source: str
    phases: tuple[Mapping[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """As the export writes it."""
        return {
            "key": self.key, "name": self.name, "description": self.description,
            "source": self.source, "phases": [dict(one) for one in self.phases],
        }  # fmt: skip


@dataclass(frozen=True)
class SharedRecipe:
    """A recipe of the file: `items` are ingredient keys of this clinic with doses."""

    key: str
    name: str
    note: str
    source: str
    indications: tuple[str, ...]
    items: tuple[tuple[str, Decimal], ...]
    units: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As the export writes it."""
        return {
            "key": self.key, "name": self.name, "note": self.note, "source": self.source,
            "indications": sorted(self.indications),
            "items": [
                {"ingredient": key, "dose": f"{dose.normalize():f}", "unit": unit}
                for (key, dose), unit in zip(self.items, self.units, strict=True)
            ],
        }  # fmt: skip


@dataclass(frozen=True)
class SharedFile:
    """A whole file without a problem."""

    protocols: tuple[SharedProtocol, ...]
    recipes: tuple[SharedRecipe, ...]


def read_shared(content: bytes, ingredients: Mapping[str, Ingredient]) -> SharedFile:
    """Read a file against this clinic's ingredients. Raises SharedFileRefused with all problems."""
    reader = _Reader(ingredients)
    data = reader.document(content)
    protocols = tuple(
        reader.protocol(f"protocols[{place}]", row)
        for place, row in enumerate(reader.entries(data, "protocols"))
    )
    recipes = tuple(
        reader.recipe(f"recipes[{place}]", row)
        for place, row in enumerate(reader.entries(data, "recipes"))
    )
    reader.once("protocols", [one.key for one in protocols])
    reader.once("recipes", [one.key for one in recipes])
    if not reader.problems and not protocols and not recipes:
        reader.refuse("", _("There is neither a protocol nor a recipe in this file."))
    if reader.problems:
        raise SharedFileRefused(reader.problems[:MOST_PROBLEMS])
    return SharedFile(protocols, recipes)


class _Reader:
    """Collects problems; what can't be read gets a harmless stand-in, for nothing is written then."""

    def __init__(self, ingredients: Mapping[str, Ingredient]) -> None:
        self.ingredients = ingredients
        self.problems: list[str] = []

    def refuse(self, place: str, problem: str) -> None:
        """Note a problem at a place such as `recipes[2].items[0].dose`."""
        self.problems.append(f"{place}: {problem}" if place else problem)

    def document(self, content: bytes) -> Mapping[str, Any]:
        """The outermost object, of the right format and version."""
        if len(content) > MAX_BYTES:
            raise SharedFileRefused([_("The file is larger than one megabyte.")])
        try:
            data = json.loads(content.decode("utf-8-sig"), parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise SharedFileRefused([_("This is no JSON file.")]) from error
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise SharedFileRefused([_("This is no catalogue of MesoClinic.")])
        if data.get("format_version") != FORMAT_VERSION:
            text = _("The file has version %(found)s; this MesoClinic reads version %(known)s.")
            found = str(data.get("format_version"))[:20]
            raise SharedFileRefused([text % {"found": found, "known": FORMAT_VERSION}])
        return data

    def entries(self, data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        """A list of objects; empty where the name is missing."""
        rows = data.get(name, [])
        if not isinstance(rows, list) or len(rows) > MOST_ENTRIES:
            self.refuse(name, _("A list of at most %(most)s is expected.") % {"most": MOST_ENTRIES})
            return []
        good: list[Mapping[str, Any]] = [row for row in rows if isinstance(row, dict)]
        if len(good) < len(rows):
            self.refuse(name, _("Every entry has to be an object."))
            return []
        return good

    def text(
        self, place: str, row: Mapping[str, Any], name: str, most: int, *, needed: bool = False
    ) -> str:
        """A text of limited length."""
        value = row.get(name, "")
        if not isinstance(value, str) or len(value) > most or _UNSTORABLE.search(value):
            self.refuse(
                f"{place}.{name}", _("A text of at most %(most)s characters.") % {"most": most}
            )
            return ""
        if needed and not value.strip():
            self.refuse(f"{place}.{name}", _("This is missing."))
        return value.strip()

    def key(self, place: str, row: Mapping[str, Any]) -> str:
        """A key in letters, digits, dashes and underscores."""
        value = row.get("key")
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            self.refuse(f"{place}.key", _("Letters, digits, - and _, 80 at most."))
            return ""
        return value

    def once(self, name: str, keys: list[str]) -> None:
        """Each key stands once."""
        for key in sorted({one for one in keys if one and keys.count(one) > 1}):
            self.refuse(name, _("“%(key)s” stands here twice.") % {"key": key})

    def protocol(self, place: str, row: Mapping[str, Any]) -> SharedProtocol:
        """A protocol whose phases make a course."""
        phases = [
            self.phase(f"{place}.phases[{number}]", one)
            for number, one in enumerate(self.entries(row, "phases"))
        ]
        specs = [spec for _values, spec in phases if spec is not None]
        try:
            if len(specs) == len(phases):
                ProtocolSpec(tuple(specs))
        except ValueError:
            text = _("The phases make no course: at least one session, and only the last goes on.")
            self.refuse(f"{place}.phases", text)
        return SharedProtocol(
            key=self.key(place, row),
            name=self.text(place, row, "name", 150, needed=True),
            description=self.text(place, row, "description", 5000),
            source=self.text(place, row, "source", 200),
            phases=tuple(values for values, _spec in phases),
        )

    def phase(self, place: str, row: Mapping[str, Any]) -> tuple[Mapping[str, Any], Phase | None]:
        """A phase whose numbers go up."""
        before = len(self.problems)
        name = self.text(place, row, "name", 100, needed=True)
        numbers = {field: self.whole(place, row, field) for field in _NUMBERS}
        unit, repeats = row.get("gap_unit", "days"), row.get("repeats", False)
        if not isinstance(unit, str) or unit not in set(GapUnit):
            self.refuse(f"{place}.gap_unit", _("“days” or “months”."))
        if not isinstance(repeats, bool):
            self.refuse(f"{place}.repeats", _("true or false."))
        values = {"name": name, **numbers, "gap_unit": unit, "repeats": repeats}
        if len(self.problems) > before:
            return values, None
        low, planned, most, *gaps = (numbers[one] for one in _NUMBERS)
        try:
            gap = Gap(gaps[0], gaps[1], gaps[2], GapUnit(unit))
            return values, Phase(name, low, planned, most, gap, repeats)
        except ValueError:
            self.refuse(place, _("Fewest, planned and most sessions go up from 1, and so do gaps."))
            return values, None

    def whole(self, place: str, row: Mapping[str, Any], name: str) -> int:
        """A whole number from 1."""
        value = row.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_NUMBER:
            text = _("A whole number from 1 to %(most)s.") % {"most": _MOST_NUMBER}
            self.refuse(f"{place}.{name}", text)
            return 1
        return value

    def recipe(self, place: str, row: Mapping[str, Any]) -> SharedRecipe:
        """A recipe of ingredients that this clinic has, within its ceilings."""
        rows = self.entries(row, "items")
        items = [self.item(f"{place}.items[{n}]", one) for n, one in enumerate(rows)]
        items.sort()
        if not items:
            self.refuse(f"{place}.items", _("At least one ingredient."))
        self.once(f"{place}.items", [key for key, _dose, _unit in items])
        indications = row.get("indications", [])
        if not isinstance(indications, list) or not all(isinstance(i, str) for i in indications):
            self.refuse(f"{place}.indications", _("A list of keys."))
            indications = []
        return SharedRecipe(
            key=self.key(place, row),
            name=self.text(place, row, "name", 150, needed=True),
            note=self.text(place, row, "note", 5000),
            source=self.text(place, row, "source", 200),
            indications=tuple(indications),
            items=tuple((key, dose) for key, dose, _unit in items),
            units=tuple(unit for _key, _dose, unit in items),
        )

    def item(self, place: str, row: Mapping[str, Any]) -> tuple[str, Decimal, str]:
        """An ingredient with its dose, in the unit that this clinic measures it in."""
        key, unit = row.get("ingredient"), row.get("unit")
        ingredient = self.ingredients.get(key) if isinstance(key, str) else None
        dose = self.dose(place, row)
        if ingredient is None:
            text = _("“%(key)s” is not in this clinic's catalogue.") % {"key": str(key)[:80]}
            self.refuse(f"{place}.ingredient", text)
            return "", dose, ""
        if unit != ingredient.unit:
            text = _("This clinic measures %(name)s in %(unit)s.")
            words = {"name": ingredient.name, "unit": ingredient.unit}
            self.refuse(f"{place}.unit", text % words)
        elif dose > ingredient.max_dose_session:
            text = _("Above this clinic's ceiling of %(most)s per session.")
            most = f"{ingredient.max_dose_session.normalize():f} {ingredient.unit}"
            self.refuse(f"{place}.dose", text % {"most": most})
        return ingredient.key, dose, ingredient.unit

    def dose(self, place: str, row: Mapping[str, Any]) -> Decimal:
        """An exact amount above zero, as a string."""
        value = row.get("dose")
        try:
            dose = Decimal(value) if isinstance(value, str) else Decimal(0)
            good = dose.is_finite() and 0 < dose < 1_000_000 and dose == dose.quantize(_PLACES)
        except InvalidOperation:
            good = False
        if not good:
            text = _(
                "An amount above zero as a text, for example “1.5”, with three decimals at most."
            )
            self.refuse(f"{place}.dose", text)
            return Decimal(1)
        return dose


_PLACES = Decimal("0.001")
# JSON may name them, neither a page nor the database can hold them: NUL, and halves of a character.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
