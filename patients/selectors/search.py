"""Finding patients: by name with accents and typos, phone in any notation, e-mail, record number."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, Func, Q, QuerySet, TextField, UUIDField, Value
from django.db.models.expressions import RawSQL

from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from patients.models.patient import record_number

PAGE = 20
_SHORTEST_TYPO = 4
_MOST_WORDS = 6
_PHONE = re.compile(r"(?=.*\d)[\d\s()+./\-\u00a0]+")
_COLUMNS = (
    "id", "clinic_id", "record_number", "name", "preferred_name", "family_name", "birth_date",
    "sex", "email", "phone", "alert", "deceased_on", "erased_at",
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


def search_patients(clinic: Clinic, query: str = "", *, after: str = "", limit: int = PAGE) -> Page:
    """One page of the clinic's patients by name, in one query without counting.

    `query` is what somebody typed: all its words must occur. Where nobody is found, names that
    sound alike are offered instead (`by_similarity`). A cursor that can't be read starts anew.
    """
    query = query.replace("\x00", " ").strip()
    words = query.split()[:_MOST_WORDS]
    rows: QuerySet[Patient] = (
        Patient.objects.for_clinic(clinic).filter(erased_at__isnull=True).only(*_COLUMNS)
    )
    if words:
        rows = rows.filter(_matches(query, words))
    rows = _beyond(rows, after).order_by("family_name", "name", "id")
    found = _with_alike(clinic, rows, words, after, limit)
    by_similarity = bool(found) and getattr(found[0], "_alike", False)
    patients = tuple(found[:limit])
    more = len(found) > limit and not by_similarity
    return Page(patients, _cursor(patients[-1]) if more else "", by_similarity)


def _matches(query: str, words: Sequence[str]) -> Q:
    """All words occur; or, where only digits were typed, a phone or record number."""
    if _PHONE.fullmatch(query.strip()):
        return _number(query)
    matches = Q()
    for word in words:
        matches &= _word(word)
    return matches


def _word(word: str) -> Q:
    """A word occurs. A short one must begin a word, so that the trigram index still helps."""
    if len(word) > 2:
        return Q(search__contains=Fold(Value(word)))
    return Q(search__startswith=Fold(Value(word))) | Q(search__contains=Fold(Value(f" {word}")))


def _number(query: str) -> Q:
    """A phone number in any notation, or a record number without its letter.

    06 12 34 56 78, 0033 6 12 34 56 78 and +33 (0)6 12 34 56 78 all lead to +33612345678.
    """
    digits = re.sub(r"\D", "", query.replace("(0)", ""))
    matches = Q(record_number=record_number(int(digits[-9:] or 0)))
    if len(digits) > 2:
        matches |= Q(search__contains=digits)
    national = digits[2:] if digits.startswith("00") else digits.removeprefix("0")
    if len(national) > 2 and national != digits:
        matches |= Q(search__contains=national)
    return matches


def _with_alike(
    clinic: Clinic, rows: QuerySet[Patient], words: Sequence[str], after: str, limit: int
) -> list[Patient]:
    """The matches, or where there are none those that sound alike: one query for both."""
    exact = rows.annotate(_alike=Value(value=False))
    if after or not words or max(len(word) for word in words) < _SHORTEST_TYPO:
        return list(exact[: limit + 1])
    alike = (
        Patient.objects.for_clinic(clinic)
        .filter(~Exists(rows.order_by()), erased_at__isnull=True)
        .filter(id__in=_alike_ids(clinic, words, limit))
        .only(*_COLUMNS)
        .annotate(_alike=Value(value=True))
    )
    return list(exact[: limit + 1].union(alike, all=True))


def _alike_ids(clinic: Clinic, words: Sequence[str], limit: int) -> RawSQL:
    longest_first = sorted(words, key=len, reverse=True)
    return RawSQL(
        "SELECT patients_alike(%s, ARRAY(SELECT mesoclinic_fold(w) FROM unnest(%s::text[]) w), %s)",
        [clinic.pk, longest_first, limit],
        output_field=UUIDField(),
    )


def _beyond(rows: QuerySet[Patient], after: str) -> QuerySet[Patient]:
    """Rows after a cursor, by row comparison, which the index on the name answers."""
    place = _place(after)
    if place is None:
        return rows
    return rows.annotate(
        _beyond=RawSQL(
            "(patients_patient.family_name, patients_patient.name, patients_patient.id) > (%s, %s, %s)",
            place,
        )
    ).filter(_beyond=True)


def _cursor(patient: Patient) -> str:
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
    birth_date: object = None
    phone: str = ""
    email: str = ""


def possible_duplicates(
    clinic: Clinic, like: Likeness, *, except_id: UUID | None = None
) -> list[Patient]:
    """Patients who may be the same person, at most five. One query.

    `phone` is in international form. The same birth date with a similar name, the same phone, or the same e-mail.
    """
    same = Q()
    if like.phone:
        same |= Q(search__contains=like.phone, phone=like.phone)
    if like.email:
        same |= Q(search__contains=Fold(Value(like.email)), email__iexact=like.email)
    if like.birth_date is not None and like.name:
        same |= Q(birth_date=like.birth_date, _similar__gte=0.45)
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
