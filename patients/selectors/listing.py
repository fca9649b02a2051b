"""The list of patients under filters that only the rules can answer, and all of it for a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from patients.selectors.search import PAGE, Page, cursor_at, search_patients
from patients.selectors.status import Standing, screening_status_for

BATCH = 200
_MOST_BATCHES = 10


@dataclass(frozen=True)
class ListFilter:
    """What the list is narrowed to; empty parts narrow nothing. `standing` is one of Standing."""

    query: str = ""
    standing: str = ""
    language: str = ""


@dataclass(frozen=True)
class Listing:
    """Some patients with where each stands with the screening.

    `page.after` may lead on although nobody is shown: the rest was not looked through yet.
    """

    page: Page
    standings: dict[UUID, Standing]


def list_patients(
    clinic: Clinic, wanted: ListFilter, today: dt.date, *, after: str = "", limit: int = PAGE
) -> Listing:
    """One page of the list on `today`. Three queries without a filter on the standing.

    The standing follows from rules, so such a filter looks through the patients in batches, three
    queries each, and stops after two thousand.
    """
    if not wanted.standing:
        page = search_patients(
            clinic, wanted.query, after=after, limit=limit, language=wanted.language
        )
        return Listing(page, _standings(page, today))
    return _by_standing(clinic, wanted, today, after=after, limit=limit)


def all_patients(
    clinic: Clinic, wanted: ListFilter, today: dt.date
) -> Iterator[tuple[Patient, Standing]]:
    """Everybody under the filters, in the order of the list; three queries for every 200."""
    after = ""
    while True:
        page = search_patients(
            clinic, wanted.query, after=after, limit=BATCH, language=wanted.language
        )
        standings = _standings(page, today)
        for patient in page.patients:
            if wanted.standing in {"", standings[patient.pk]}:
                yield patient, standings[patient.pk]
        after = page.after
        if not after:
            return


def _by_standing(
    clinic: Clinic, wanted: ListFilter, today: dt.date, *, after: str, limit: int
) -> Listing:
    found: list[Patient] = []
    standings: dict[UUID, Standing] = {}
    similar = False
    for _batch in range(_MOST_BATCHES):
        page = search_patients(
            clinic, wanted.query, after=after, limit=BATCH, language=wanted.language
        )
        standings |= _standings(page, today)
        similar = similar or page.by_similarity
        fitting = [one for one in page.patients if standings[one.pk] == wanted.standing]
        found += fitting
        if len(found) > limit:
            return Listing(
                Page(tuple(found[:limit]), cursor_at(found[limit - 1]), similar), standings
            )
        after = page.after
        if not after:
            break
    return Listing(Page(tuple(found), after, similar), standings)


def _standings(page: Page, today: dt.date) -> dict[UUID, Standing]:
    statuses = screening_status_for(page.patients, today)
    return {pk: status.standing for pk, status in statuses.items()}
