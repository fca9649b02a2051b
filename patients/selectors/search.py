"""Finding patients: by name with accents and typos, phone in any notation, e-mail, record number."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Func, Q, TextField
from django.db.models.expressions import RawSQL

from mesoclinic.clinic.models import Clinic
from patients.domain.likeness import slips
from patients.models import Patient
from patients.models.patient import record_number

PAGE = 20
_SHORTEST_TYPO = 4
_MOST_WORDS = 6
_PHONE = re.compile(r"(?=.*\d)[\d\s()+./\-\u00a0]+")
_COLUMNS = (
    "id", "clinic_id", "record_number", "name", "preferred_name", "family_name", "birth_date",
    "sex", "email", "phone", "language", "alert", "deceased_on", "erased_at",
)  # fmt: skip


class Fold(Func):
    """Lower case without accents, by the same function that fills the searched column."""

    function = "mesoclinic_fold"
    output_field = TextField()


@dataclass(frozen=True)
class Page:
    """Some patients and where to go on: `after` is the cursor of the next page, "" at the end."""

    patients: tuple[Patient, ...]
    after: str = ""
    by_similarity: bool = False


def search_patients(
    clinic: Clinic, query: str = "", *, after: str = "", limit: int = PAGE, language: str = ""
) -> Page:
    """One page of the clinic's patients by name, in one query without counting.

    `query` is what somebody typed: all its words must occur. Where nobody is found, names that
    sound alike are offered instead (`by_similarity`). A cursor that can't be read starts anew.
    `language` keeps those who are written to in it.
    """
    query = query.replace("\x00", " ").strip()
    wanted = _wanted(query)
    if language:
        wanted.append(("p.language = %s", [language]))
    place = _place(after)
    sql, params = _sql(clinic, wanted, place, limit)
    words = query.split()[:_MOST_WORDS]
    if place is None and not language and _may_be_misspelt(words):
        sql += _ALIKE
        params += [clinic.pk, sorted(words, key=len, reverse=True), limit]
    found = list(Patient.objects.raw(sql, params))
    by_similarity = bool(found) and bool(getattr(found[0], "alike", False))
    patients = tuple(found[:limit])
    more = len(found) > limit and not by_similarity
    return Page(patients, cursor_at(patients[-1]) if more else "", by_similarity)


# Written as SQL: this runs at every key stroke, and composing it by the ORM took longer than
# running it. Only constants are put together; everything typed travels as a parameter.
_SHOWN = ", ".join(f"p.{name}" for name in _COLUMNS)
_EXACT = f"""
    WITH exact AS MATERIALIZED (
        SELECT {_SHOWN}, false AS alike FROM patients_patient p
        WHERE p.clinic_id = %s AND p.erased_at IS NULL{{conditions}}
        ORDER BY p.family_name, p.name, p.id LIMIT %s
    )
    SELECT * FROM exact
"""  # noqa: S608
_ALIKE = f"""
    UNION ALL (
        SELECT {_SHOWN}, true
        FROM patients_alike(%s, ARRAY(SELECT mesoclinic_fold(w) FROM unnest(%s::text[]) w), %s)
            WITH ORDINALITY AS likely(id, place)
        JOIN patients_patient p ON p.id = likely.id
        WHERE NOT EXISTS (SELECT FROM exact) AND p.erased_at IS NULL
        ORDER BY likely.place
    )
"""  # noqa: S608
_OCCURS = "p.search LIKE mesoclinic_fold(%s)"


def _sql(
    clinic: Clinic,
    wanted: list[tuple[str, list[object]]],
    place: tuple[str, str, UUID] | None,
    limit: int,
) -> tuple[str, list[object]]:
    parts: list[str] = []
    params: list[object] = [clinic.pk]
    for condition, values in wanted:
        parts.append(f" AND ({condition})")
        params += values
    if place is not None:
        parts.append(" AND (p.family_name, p.name, p.id) > (%s, %s, %s)")
        params += place
    return _EXACT.format(conditions="".join(parts)), [*params, limit + 1]


def _wanted(query: str) -> list[tuple[str, list[object]]]:
    """Conditions with their parameters: all words occur, or a phone or record number does."""
    if _PHONE.fullmatch(query):
        return [_number(query)]
    return [_word(word) for word in query.split()[:_MOST_WORDS]]


def _word(word: str) -> tuple[str, list[object]]:
    """A word occurs. A short one must begin a word, so that the trigram index still helps."""
    typed = _escaped(word)
    if len(word) > 2:
        return _OCCURS, [f"%{typed}%"]
    return f"{_OCCURS} OR {_OCCURS}", [f"{typed}%", f"% {typed}%"]


def _number(query: str) -> tuple[str, list[object]]:
    """A phone number in any notation, or a record number without its letter.

    06 12 34 56 78, 0033 6 12 34 56 78 and +33 (0)6 12 34 56 78 all lead to +33612345678.
    """
    digits = re.sub(r"\D", "", query.replace("(0)", ""))
    national = digits[2:] if digits.startswith("00") else digits.removeprefix("0")
    conditions = ["p.record_number = %s"]
    params: list[object] = [record_number(int(digits[-9:] or 0))]
    for number in dict.fromkeys((digits, national)):
        if len(number) > 2:
            conditions.append("p.search LIKE %s")
            params.append(f"%{number}%")
    return " OR ".join(conditions), params


def _escaped(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _may_be_misspelt(words: Sequence[str]) -> bool:
    """Names may; numbers and addresses are right or wrong."""
    plain = not any(char.isdigit() or char == "@" for word in words for char in word)
    return plain and max((len(word) for word in words), default=0) >= _SHORTEST_TYPO


def cursor_at(patient: Patient) -> str:
    """The cursor of the page that begins after `patient`."""
    place = json.dumps([patient.family_name, patient.name, str(patient.pk)])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[str, str, UUID] | None:
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        family_name, name, pk = json.loads(raw)
        return str(family_name), str(name), UUID(pk)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return None


@dataclass(frozen=True)
class Likeness:
    """What a newcomer is compared by; empty parts are not compared."""

    name: str = ""
    birth_date: dt.date | None = None
    phone: str = ""
    email: str = ""


def possible_duplicates(
    clinic: Clinic, like: Likeness, *, except_id: UUID | None = None
) -> list[Patient]:
    """Patients who may be the same person, at most five. One query.

    `phone` is in international form. The same phone, the same e-mail, the same birth date with a
    similar name, or nearly the same name with a slip in the birth date.
    """
    same = Q()
    if like.phone:
        same |= Q(phone=like.phone)
    if like.email:
        same |= Q(email=like.email.lower())
    if like.birth_date is not None and like.name:
        same |= Q(birth_date=like.birth_date, _similar__gte=0.45)
        same |= Q(birth_date__in=slips(like.birth_date), _similar__gte=0.8)
    if not same:
        return []
    rows = (
        Patient.objects.for_clinic(clinic)
        .filter(erased_at__isnull=True)
        .annotate(_similar=_name_similarity(like.name))
        .filter(same)
    )
    if except_id is not None:
        rows = rows.exclude(pk=except_id)
    return list(rows.only(*_COLUMNS).order_by("-_similar", "name")[:5])


def _name_similarity(name: str) -> RawSQL:
    return RawSQL(
        "word_similarity(mesoclinic_fold(%s), mesoclinic_fold(patients_patient.name))", [name]
    )
