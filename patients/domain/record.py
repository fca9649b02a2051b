"""What the record of a patient says, in the safety tags that the rules understand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from patients.domain.terms import PAST, Term, TermKind, classify, normalise

# 44 weeks: a pregnancy that began earlier cannot still be going on (G).
PREGNANCY_LIMIT = timedelta(weeks=44)
ALLERGY = "allergy"
MEDICINE = "medicine"


class ItemKind(StrEnum):
    """The three lists of a record that carry safety facts."""

    ALLERGY = "allergy"
    CONDITION = "condition"
    MEDICINE = "medicine"


_TERM_KINDS = {
    ItemKind.ALLERGY: TermKind.ALLERGEN,
    ItemKind.CONDITION: TermKind.CONDITION,
    ItemKind.MEDICINE: TermKind.MEDICINE,
}


@dataclass(frozen=True)
class RecordItem:
    """One line of the record: an allergy, a condition or a medicine, as written, with its codes.

    `codes` are short forms (`snomed:230690007`, see `terms.coded`); `since` is the local day on
    which it began, where known.
    """

    kind: ItemKind
    text: str
    codes: tuple[str, ...] = ()
    active: bool = True
    since: date | None = None


@dataclass(frozen=True)
class Fact:
    """One safety tag of the record with the words of the record that gave it."""

    tag: str
    text: str
    active: bool = True

    @property
    def spelled(self) -> str:
        """The tag, with `past:` before it when it is over."""
        return self.tag if self.active else f"{PAST}{self.tag}"

    @classmethod
    def of(cls, tag: str, text: str) -> Fact:
        """The fact that a spelled tag (`past:cancer`) stands for."""
        return cls(tag.removeprefix(PAST), text, not tag.startswith(PAST))


@dataclass(frozen=True)
class RecordFacts:
    """All that the screening rules may know of the record. `medicines` are those taken now."""

    facts: tuple[Fact, ...] = ()
    medicines: tuple[str, ...] = ()
    birth_date: date | None = None
    sex: str = ""
    guardian_consent: bool = False

    @property
    def active_tags(self) -> frozenset[str]:
        """Tags of what applies now."""
        return frozenset(fact.tag for fact in self.facts if fact.active)

    @property
    def past_tags(self) -> frozenset[str]:
        """Tags of what is over."""
        return frozenset(fact.tag for fact in self.facts if not fact.active)


@dataclass(frozen=True)
class Person:
    """The parts of a patient's identity that rules look at."""

    birth_date: date | None = None
    sex: str = ""
    guardian_consent: bool = False


def build_record_facts(
    items: Iterable[RecordItem], terms: Iterable[Term], person: Person, today: date
) -> RecordFacts:
    """Classify the lines of a record into facts, in a stable order, without duplicates."""
    known = tuple(terms)
    lines = tuple(items)
    facts = {fact for item in lines for fact in item_facts(item, known, today)}
    medicines = {
        item.text.strip() for item in lines if item.kind is ItemKind.MEDICINE and item.active
    }
    return RecordFacts(
        facts=tuple(sorted(facts, key=lambda fact: (fact.tag, not fact.active, fact.text))),
        medicines=tuple(sorted(medicines)),
        birth_date=person.birth_date,
        sex=person.sex,
        guardian_consent=person.guardian_consent,
    )


def item_facts(item: RecordItem, terms: tuple[Term, ...], today: date) -> frozenset[Fact]:
    """Return the facts of one line: its tags, and the tag `allergy` for every allergy.

    A pregnancy that the record still calls active 44 weeks after it began becomes
    `pregnancy_unclear`: it can't be going on, but nobody has said that it is over (G).
    """
    facts = set()
    for tag in classify(item.text, item.codes, terms, _TERM_KINDS[item.kind]):
        active = item.active and not tag.startswith(PAST)
        facts.add(
            Fact(_in_time(tag.removeprefix(PAST), item, today, active=active), item.text, active)
        )
    if item.kind is ItemKind.ALLERGY and not is_denial(item.text):
        facts.add(Fact(ALLERGY, item.text, item.active))
    return frozenset(facts)


def _in_time(tag: str, item: RecordItem, today: date, *, active: bool) -> str:
    if tag == "pregnancy" and active and item.since is not None:
        return tag if today - item.since <= PREGNANCY_LIMIT else "pregnancy_unclear"
    return tag


def is_denial(text: str) -> bool:
    """Whether an allergy entry says that there is none (“No known allergies”, “NKDA”)."""
    words = normalise(text)
    return words in {"", "none", "nil", "nkda", "nka", "no"} or words.startswith(
        ("no known", "no allerg", "not allergic")
    )


def medicine_key(name: str) -> str:
    """Return the word by which two entries for the same medicine are taken as one.

    The first word of four letters or more: “Simvastatin 20 MG Oral Tablet” and “simvastatin” are
    one medicine. Two names of one medicine count twice: stricter, never milder.
    """
    words = normalise(name).split()
    return next((word for word in words if len(word) > 3 and word.isalpha()), normalise(name))
