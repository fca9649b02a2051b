"""Merge the safety records of two entries for one person, taking the stricter of the two.

Nothing is dropped: where one record says “takes warfarin” and the other “stopped warfarin”, both
lines stay and the one that weighs more decides, until somebody corrects the record. Only lines
that say exactly the same become one. Merging is commutative, associative and idempotent, so it
does not matter which of the two entries is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from patients.domain.record import Person, RecordItem

RecordItems = tuple[RecordItem, ...]
"""The lines of one safety record: allergies, medicines and conditions, active and over."""

ALLERGY_SEVERITIES = ("mild", "moderate", "unknown", "severe")
"""From mild to grave. A reaction nobody has described may be worse than a moderate one (G)."""

ALLERGY_CERTAINTIES = ("suspected", "confirmed")

LineKey = tuple[str, str, bool, str]


def stricter(a: RecordItems, b: RecordItems) -> RecordItems:
    """Return the lines of both records, in a stable order; equal lines once, with all their codes.

    Whatever the answers and the rules: the merged record is never judged milder than `a` or `b`.
    """
    lines: dict[LineKey, RecordItem] = {}
    for item in sorted((*a, *b), key=_order):
        kept = lines.setdefault(line_key(item), item)
        codes = tuple(sorted({*kept.codes, *item.codes}))
        lines[line_key(item)] = RecordItem(
            item.kind, kept.text, codes, active=item.active, since=item.since
        )
    return tuple(lines.values())


def line_key(item: RecordItem) -> LineKey:
    """By which two lines say the same: kind, words (whatever their case), active, beginning.

    Punctuation counts (“no fish, egg” is not “no fish egg”), and so does the beginning: it decides
    whether a pregnancy can still be going on.
    """
    since = item.since.isoformat() if item.since else ""
    return (item.kind.value, item.text.strip().casefold(), item.active, since)


def stricter_person(a: Person, b: Person) -> Person:
    """Return what rules may rely on of two identities.

    The later date of birth of two known ones (the younger person is the more protected), consent
    of a guardian only where both entries have it; the sex, which no rule weighs, from `a` if known.
    """
    return Person(
        birth_date=_later(a.birth_date, b.birth_date),
        sex=a.sex or b.sex,
        guardian_consent=a.guardian_consent and b.guardian_consent,
    )


def graver(scale: Sequence[str], a: str, b: str) -> str:
    """Return the one that stands later in `scale` (`ALLERGY_SEVERITIES`).

    What is not on the scale counts as gravest: nobody knows better. Between two such, the first.
    """
    return max(a, b, key=lambda one: scale.index(one) if one in scale else len(scale))


def _later(a: date | None, b: date | None) -> date | None:
    known: Iterable[date] = [day for day in (a, b) if day is not None]
    return max(known, default=None)


def _order(item: RecordItem) -> tuple[object, ...]:
    return (*line_key(item), item.text, item.codes)
