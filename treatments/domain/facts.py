"""What a cocktail check looks at (ingredients, areas, pairs, season, patient) and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from patients.domain.screening import Finding as ScreeningFinding
from treatments.domain.doses import Dose


class Level(StrEnum):
    """How a finding weighs: `note` < `review` (a practitioner decides) < `stop`."""

    NOTE = "note"
    REVIEW = "review"
    STOP = "stop"

    @property
    def rank(self) -> int:
        """0 for note, 1 for review, 2 for stop."""
        return list(Level).index(self)


class Hemisphere(StrEnum):
    """Half of the globe: decides which months have strong sun."""

    NORTH = "north"
    SOUTH = "south"


@dataclass(frozen=True)
class Contraindication:
    """Something about the patient that speaks against an ingredient.

    `tag` is a safety tag of the record or the answers (`liver_disease`, `anticoagulant`); a past
    fact counts too when `past_counts`.
    """

    tag: str
    level: Level
    why: str
    source: str
    past_counts: bool = False


@dataclass(frozen=True)
class IngredientFacts:
    """What the catalogue knows about an ingredient, as far as safety is concerned.

    `allergen_groups` are tags (`allergen:fish`). `max_per_kg` is per kilogram of body weight and
    session. `exclusive_group` names ingredients whose toxicity adds up (`amide anaesthetics`).
    """

    key: str
    name: str
    ingredient_class: str = ""
    prescription_only: bool = False
    allergen_groups: frozenset[str] = frozenset()
    contraindications: tuple[Contraindication, ...] = ()
    usual_dose: Dose | None = None
    max_per_session: Dose | None = None
    max_per_kg: Dose | None = None
    max_per_course: Dose | None = None
    forbidden_areas: frozenset[str] = frozenset()
    forbidden_layers: frozenset[str] = frozenset()
    sun_sensitive: bool = False
    additive_group: str = ""
    source: str = ""


@dataclass(frozen=True)
class CocktailItem:
    """One ingredient in the cocktail with its dose for one session."""

    ingredient: IngredientFacts
    dose: Dose


@dataclass(frozen=True)
class AreaFacts:
    """A target area. `within` are the keys of the areas it belongs to (`under_eye` → `face`)."""

    key: str
    name: str
    within: frozenset[str] = frozenset()
    sun_exposed: bool = False
    forbidden_layers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class IncompatiblePair:
    """Two ingredients that must not, or should not, share a syringe."""

    first: str
    second: str
    why: str
    source: str
    level: Level = Level.STOP


@dataclass(frozen=True)
class Season:
    """Month (1 to 12) and hemisphere of the visit; whether sun protection was confirmed.

    `ahead`: not of the day asked about, but of a later session of the course.
    """

    month: int
    hemisphere: Hemisphere
    sun_protection_confirmed: bool = False
    ahead: bool = False

    @property
    def strong_sun(self) -> bool:
        """Whether it is outside the seasons S4 prefers (autumn, winter, early spring)."""
        northern = self.month if self.hemisphere is Hemisphere.NORTH else (self.month + 5) % 12 + 1
        return 4 <= northern <= 9


@dataclass(frozen=True)
class PatientFacts:
    """Safety tags of the patient from record and answers; weight where known.

    `doubtful_tags` are those the patient was not sure about: a review where they would be a stop.
    """

    active_tags: frozenset[str] = frozenset()
    past_tags: frozenset[str] = frozenset()
    weight_kg: Decimal | None = None
    doubtful_tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CourseDose:
    """What the course has already given of an ingredient."""

    ingredient: str
    dose: Dose


@dataclass(frozen=True)
class CocktailCheck:
    """All inputs of one check. `screening` are the findings of the patient's current screening.

    `sessions_ahead` is how many sessions this cocktail is planned for, this one included.
    """

    items: tuple[CocktailItem, ...]
    patient: PatientFacts = field(default_factory=PatientFacts)
    screening: tuple[ScreeningFinding, ...] = ()
    areas: tuple[AreaFacts, ...] = ()
    layers: frozenset[str] = frozenset()
    pairs: tuple[IncompatiblePair, ...] = ()
    season: Season | None = None
    given_in_course: tuple[CourseDose, ...] = ()
    prescriber: bool = True
    sessions_ahead: int = 1

    @property
    def ingredients(self) -> tuple[IngredientFacts, ...]:
        """The ingredient of each item."""
        return tuple(item.ingredient for item in self.items)


@dataclass(frozen=True)
class Finding:
    """One thing to know about the cocktail: what, why, from where, and what to do."""

    level: Level
    code: str
    what: str
    why: str
    source: str
    what_to_do: str
    ingredient: str = ""
    subject: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What the finding is about, whatever the amounts in its words."""
        return self.code, self.ingredient, self.subject
