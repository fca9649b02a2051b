"""Recognise medicines, allergens and conditions in the words and codes of a record.

A `Term` is editable clinic data: it gives one safety tag (`anticoagulant`, `allergen:fish`,
`stroke`) to everything that carries one of its codes or contains one of its words. `classify` is
pure. Words match whole words only, without regard to case and accents; `*` stands for any letters
(`*xaban`, `carcinom*`). A clause that denies something (“no known allergy to fish”, “family
history of stroke”) gives no tag; a clause about the past (“history of stroke”) gives the tag with
the prefix `past:`. When in doubt a text matches: a needless question costs less than a missed
risk.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

PAST = "past:"


class TermKind(StrEnum):
    """Where a term may be looked for: each kind of record item has its own words."""

    ALLERGEN = "allergy"
    MEDICINE = "medicine"
    CONDITION = "condition"


@dataclass(frozen=True)
class Term:
    """One safety tag with the words and codes that stand for it.

    `codes` are `snomed:…`, `rxnorm:…`, `atc:…` or `icd10:…`; a trailing `*` matches any ending.
    `excludes` are phrases that take the clause out again (“lactose intolerance” is not milk
    allergy). `past` means that the thing named is over by nature (a miscarriage ends a pregnancy).
    """

    kind: TermKind
    tag: str
    label: str = ""
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    past: bool = False


_SYSTEMS = {
    "http://snomed.info/sct": "snomed",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://www.whocc.no/atc": "atc",
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10",
}

# Cues are matched on normalised text (lower case, no accents, single blanks).
_DENIALS = (
    r"no known", r"not known to have", r"no history of", r"no h o", r"denies", r"denied",
    r"negative for", r"no evidence of", r"without", r"not allergic to", r"no allergy to",
    r"no allergies to", r"no allergic reaction to", r"free of", r"ruled out", r"excluded",
    r"family history( of)?", r"fh of", r"(mother|father|sister|brother|parent|aunt|uncle) (had|has)",
    r"at risk (of|for)", r"risk of", r"screening for", r"vaccination against", r"fear of",
    r"never had( a| an)?", r"never taken", r"pas d", r"pas de", r"aucune?", r"jamais eu( de| d)?",
    r"antecedents? famili\w+( de| d)?", r"keine?", r"nie", r"sin", r"ninguna?", r"nessuna?",
)  # fmt: skip
_PAST_CUES = (
    r"(personal )?history of( a| an)?", r"h o", r"hx of", r"past history of", r"previous",
    r"previously", r"former", r"formerly", r"resolved", r"status post", r"s p", r"no longer",
     r"in remission", r"antecedents? (de|d)", r"ancien", r"ancienne", r"zustand nach",
    r"antecedentes? de", r"ex",
)  # fmt: skip


@lru_cache(maxsize=8192)
def normalise(text: str) -> str:
    """Return lower-case words without accents and punctuation, divided by single blanks."""
    folded = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("ø", "o")
    plain = unicodedata.normalize("NFKD", folded)
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[\W_]+", " ", letters).split())


def coded(system: str, code: str) -> str:
    """Return the short form (`snomed:230690007`) in which terms name a code; "" when unknown."""
    short = _SYSTEMS.get(system.rstrip("/").lower(), "")
    return f"{short}:{code}".casefold() if short and code else ""


def classify(
    text: str, codes: Iterable[str], terms: Iterable[Term], kind: TermKind | None = None
) -> frozenset[str]:
    """Return the safety tags of one record item (`anticoagulant`, `past:stroke`, …).

    `codes` are short forms made by `coded`; `kind` limits the search to terms of that kind.
    """
    wanted = tuple(term for term in terms if kind is None or term.kind is kind)
    given = frozenset(code.casefold() for code in codes)
    tags: set[str] = set()
    clauses = _clauses(text)
    over = bool(clauses) and all(_find(_PAST_PATTERN, clause) is not None for clause in clauses)
    for term in wanted:
        if _has_code(term, given):
            tags.add(_tag(term, over=over))
        for clause in clauses:
            state = _state(term, clause)
            if state is not None:
                tags.add(_tag(term, over=state))
    return frozenset(tags)


def _tag(term: Term, *, over: bool) -> str:
    return f"{PAST}{term.tag}" if over or term.past else term.tag


def _has_code(term: Term, given: frozenset[str]) -> bool:
    for code in term.codes:
        wanted = code.casefold()
        if wanted.endswith("*"):
            if any(one.startswith(wanted[:-1]) for one in given):
                return True
        elif wanted in given:
            return True
    return False


def _clauses(text: str) -> tuple[str, ...]:
    # “Fish allergy, no known drug allergies; takes warfarin but not aspirin”: a denial reaches to
    # the end of its own clause only.
    parts = re.split(r"[.;,:\n()/]|\bbut\b|\bmais\b|\baber\b|\bpero\b", text, flags=re.IGNORECASE)
    return tuple(clause for clause in (normalise(part) for part in parts) if clause)


def _state(term: Term, clause: str) -> bool | None:
    """Return None for no match, else whether the clause speaks of the past."""
    found = _find(_words(term.words), clause)
    if found is None or _find(_words(term.excludes), clause) is not None:
        return None
    denial = _find(_DENIAL_PATTERN, clause)
    if denial is not None and denial <= found:
        return None
    if re.search(r"\b(no|not)( a| an| any)?$", clause[:found].rstrip()):
        return None
    past = _find(_PAST_PATTERN, clause)
    return past is not None


def _find(pattern: re.Pattern[str] | None, text: str) -> int | None:
    match = pattern.search(text) if pattern is not None else None
    return match.start() if match is not None else None


@lru_cache(maxsize=4096)
def _words(words: tuple[str, ...]) -> re.Pattern[str] | None:
    if not words:
        return None
    shapes = (r"\w*".join(re.escape(normalise(part)) for part in word.split("*")) for word in words)
    return re.compile(rf"\b(?:{'|'.join(shapes)})\b")


_DENIAL_PATTERN = re.compile(rf"\b(?:{'|'.join(_DENIALS)})\b")
_PAST_PATTERN = re.compile(rf"\b(?:{'|'.join(_PAST_CUES)})\b")
