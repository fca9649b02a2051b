"""Careful reading of loosely shaped FHIR JSON: every getter answers, none raises.

Strings are cleaned of what a database or a mail could not carry (control characters, lone
surrogates); a value of the wrong type reads as absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from patients.domain.terms import coded

Json = Mapping[str, Any]

# System and code by which Patient.contact says whom it names.
IN_EMERGENCY = ("http://terminology.hl7.org/CodeSystem/v2-0131", "C")
GUARDIAN = ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "GUARD")

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T.*)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def node(value: object, *path: str) -> Json:
    """Return the object at `path`, or an empty one."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def nodes(value: Json, key: str) -> tuple[Json, ...]:
    """Return the objects in the list `key`; a single object counts as a list of one."""
    found = value.get(key)
    if isinstance(found, Mapping):
        return (found,)
    return (
        tuple(one for one in found if isinstance(one, Mapping)) if isinstance(found, list) else ()
    )


def text(value: Json, key: str) -> str:
    """Return the cleaned string `key`, "" when absent or not a string."""
    return clean(value.get(key))


def texts(value: Json, key: str) -> tuple[str, ...]:
    """Return the cleaned, non-empty strings of the list `key`; a single string is a list of one."""
    found = value.get(key)
    items = found if isinstance(found, list) else [found]
    return tuple(word for word in map(clean, items) if word)


def clean(value: object) -> str:
    """Return a trimmed single-line string without characters that could do harm."""
    return " ".join(_CONTROL.sub(" ", value).split()) if isinstance(value, str) else ""


def lines(value: Json, key: str) -> str:
    """Return the string `key` with its line breaks, each line cleaned, without empty lines."""
    found = value.get(key)
    parts = found.splitlines() if isinstance(found, str) else []
    return "\n".join(word for word in map(clean, parts) if word)


def notes(value: Json) -> str:
    """Return the annotations of a resource as one line."""
    return " ".join(word for one in nodes(value, "note") if (word := text(one, "text")))


def has_coding(concept: Json, system: str, code: str) -> bool:
    """Return whether a CodeableConcept carries this code."""
    return any(
        text(one, "code") == code and text(one, "system") in {system, ""}
        for one in nodes(concept, "coding")
    )


def day(value: object) -> date | None:
    """Return the local day of a FHIR date or dateTime; a month or year gives its first day."""
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, number = (int(part) if part else 1 for part in match.groups())
    try:
        return date(year, month, number)
    except ValueError:
        return None


def whole_day(value: object) -> date | None:
    """Return the day only when it is given to the day: a birth date must not be guessed."""
    return (
        day(value) if isinstance(value, str) and len(value.strip()) >= len("2000-01-01") else None
    )


def status(value: object) -> str:
    """Return the code of a status: a CodeableConcept in R4, a plain string in older versions."""
    if isinstance(value, str):
        return clean(value).lower()
    concept = value if isinstance(value, Mapping) else {}
    for coding in nodes(concept, "coding"):
        if text(coding, "code"):
            return text(coding, "code").lower()
    return text(concept, "text").lower()


def concept_name(concept: Json) -> str:
    """Return the words of a CodeableConcept: its text, else a display, else a code."""
    codings = nodes(concept, "coding")
    words = [text(concept, "text"), *(text(one, "display") for one in codings)]
    return next((word for word in [*words, *(text(one, "code") for one in codings)] if word), "")


def concept_codes(concept: Json) -> tuple[str, ...]:
    """Return the known codes of a CodeableConcept in short form (`snomed:…`), sorted."""
    codings = nodes(concept, "coding")
    short = {coded(text(one, "system"), text(one, "code")) for one in codings}
    return tuple(sorted(short - {""}))


def first_coding(concept: Json) -> tuple[str, str]:
    """Return system and code of the first complete coding, else two empty strings."""
    for one in nodes(concept, "coding"):
        if text(one, "system") and text(one, "code"):
            return text(one, "system"), text(one, "code")
    return "", ""
