"""Recognise medicines, allergens and conditions in the words and codes of a record.

A `Term` is editable clinic data: it gives one safety tag (`anticoagulant`, `allergen:fish`,
`stroke`) to everything that carries one of its codes or contains one of its words. `classify` is
pure. Words match whole words only, without regard to case and accents; `*` stands for any letters
(`*xaban`, `carcinom*`), `**` for anything in between. What a clause denies (“no known allergy to
fish”, “family history of stroke”) gives no tag; what it calls over (“history of stroke”) gives the
tag with the prefix `past:`. When in doubt a text matches: a needless question costs less than a
missed risk.
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
    `excludes` are phrases that are overlooked (“heat stroke” is no stroke). `past` means that the thing named is over by nature (a miscarriage ends a pregnancy).
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
    r"family history( of)?", r"fh of", r"screening for", r"vaccination against", r"fear of",
    r"(mother|father|sister|brother|parent|aunt|uncle|grandmother|grandfather) (had|has)",
    r"at risk (of|for)", r"risk of", r"never had( a| an)?", r"never taken", r"pas d", r"pas de",
    r"aucune?", r"jamais eu( de| d)?", r"antecedents? famili\w+( de| d)?", r"keine?", r"nie",
    r"sin", r"ninguna?", r"nessuna?", r"nao", r"(no|not)( a| an| any)?$",
)  # fmt: skip
_PAST_BEFORE = (
    r"history of( a| an)?", r"h o", r"hx of", r"previous", r"previously( on| had| took)?",
    r"former", r"formerly( on| had| took)?", r"resolved", r"status post", r"s p", r"healed",
    r"no longer( has| takes| taking| on| uses)?", r"antecedents? (de|d)", r"ancien", r"ancienne",
    r"zustand nach", r"antecedentes? de", r"ex",
)  # fmt: skip
_PAST_AFTER = (r"resolved", r"in remission", r"healed", r"cured", r"en remission")
# Behind one of these words something new begins: “former smoker with lung cancer”.
_STOPS = frozenset(
    {
        "with",
        "now",
        "takes",
        "take",
        "taking",
        "on",
        "has",
        "have",
        "but",
        "since",
        "i",
        "currently",
    }
    | {"current", "active", "avec", "mit", "con"}
)
_PAST_REACH = 4


@lru_cache(maxsize=8192)
def normalise(text: str) -> str:
    """Return lower-case words without accents and punctuation, divided by single blanks."""
    folded = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("ø", "o")
    plain = unicodedata.normalize("NFKD", folded)
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[\W_]+", " ", letters).split())


def system_of(short: str) -> str:
    """The FHIR address of the system of a short code (`snomed:…`); "" when unknown."""
    kind = short.partition(":")[0]
    return next((address for address, word in _SYSTEMS.items() if word == kind), "")


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
    over = len(clauses) == 1 and _called_over(clauses[0], len(clauses[0]), len(clauses[0]))
    for term in wanted:
        if given and _has_code(term, given):
            tags.add(_tag(term, over=over))
        states = (_state(term, clause) for clause in clauses)
        tags |= {_tag(term, over=past) for past in states if past is not None}
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
    # A denial reaches to the end of its own clause only: “Fish allergy; no known drug allergies”.
    bare = re.sub(r"\((disorder|finding|situation|substance|organism|product)\)", " ", text)
    parts = re.split(r"\.(?!\d)|[;,:\n()]|\b(?:but|mais|aber|pero)\b", bare, flags=re.IGNORECASE)
    return tuple(clause for clause in (normalise(part) for part in parts) if clause)


def _state(term: Term, clause: str) -> bool | None:
    """Return None for no match, else whether the clause calls the thing over."""
    pattern, excluded = _words(term.words), _words(term.excludes)
    if pattern is None:
        return None
    if excluded is not None:
        clause = excluded.sub("", clause)
    states = [
        _called_over(clause, found.start(), found.end())
        for found in pattern.finditer(clause)
        if not _cue_before(_DENIAL_PATTERN, clause, found.start(), len(clause))
    ]
    return all(states) if states else None


def _called_over(clause: str, start: int, end: int) -> bool:
    return (
        _cue_before(_PAST_BEFORE_PATTERN, clause, start, _PAST_REACH)
        or _PAST_AFTER_PATTERN.search(clause, end) is not None
    )


def _cue_before(pattern: re.Pattern[str], clause: str, start: int, reach: int) -> bool:
    before = clause[:start].rstrip()
    for cue in pattern.finditer(before):
        between = before[cue.end() :].split()
        if len(between) <= reach and not _STOPS & set(between):
            return True
    return False


@lru_cache(maxsize=4096)
def _words(words: tuple[str, ...]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(rf"\b(?:{'|'.join(_shape(word) for word in words)})\b")


def _shape(word: str) -> str:
    """A word as a pattern: `*` for letters of the same word, `**` for whatever lies between."""
    far = (" ".join(_letters(part) for part in piece.split()) for piece in word.split("**"))
    return r"\b.*\b".join(far)


def _letters(part: str) -> str:
    if part == "*":
        return r"\w+"
    return r"\w*".join(re.escape(normalise(piece)) for piece in part.split("*"))


def _cues(cues: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(cues)})(?=\s|$)")


_DENIAL_PATTERN = _cues(_DENIALS)
_PAST_BEFORE_PATTERN = _cues(_PAST_BEFORE)
_PAST_AFTER_PATTERN = _cues(_PAST_AFTER)
