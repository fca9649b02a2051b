"""What a new clinic starts with: visit types, and the public holidays of its country."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import holidays
from django.utils.translation import gettext_noop

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import day_interval
from scheduling.models import Room, TimeOff, VisitType
from scheduling.selectors.calendars import range_of

_ENGLISH = "en_US"  # the library's own name of it, where a country has no English of its own

# Durations in minutes (G; a session's injections take 15 to 20 of them, S1).
VISIT_TYPES: tuple[dict[str, Any], ...] = (
    {
        "key": "consultation", "name": gettext_noop("Consultation"), "kind": "consultation",
        "duration_min": 30, "room_kind": Room.Kind.CONSULTATION.value, "is_online": True,
    },
    {
        "key": "session", "name": gettext_noop("Session"), "kind": "session", "duration_min": 45,
        "buffer_before_min": 5, "buffer_after_min": 10, "needs_licence": True,
    },
    {
        "key": "review", "name": gettext_noop("Review"), "kind": "review", "duration_min": 20,
        "grid_min": 10,
    },
    {
        "key": "photographs", "name": gettext_noop("Photographs"), "kind": "photographs",
        "duration_min": 15, "given_by": ["practitioner", "receptionist"],
        "room_kind": Room.Kind.CONSULTATION.value,
    },
)  # fmt: skip


def seed_clinic(clinic: Clinic) -> None:
    """Default visit types, where the clinic has none of that key yet; safe to repeat."""
    with audited(Actor.system(clinic.pk, "seed")):
        for values in VISIT_TYPES:
            defaults = {name: value for name, value in values.items() if name != "key"}
            VisitType.objects.get_or_create(clinic=clinic, key=values["key"], defaults=defaults)


def load_public_holidays(*, clinic: Clinic, years: Iterable[int], now: datetime) -> int:
    """Put the public holidays of the clinic's country down as closures; how many are new.

    Named in the clinic's language where the library has it, in English otherwise. Safe to repeat:
    a holiday that a manager has switched off (`in_force`), moved or renamed stays as it is.
    A country that is not known has none.
    """
    if clinic.country not in holidays.list_supported_countries():
        return 0
    offered = holidays.country_holidays(clinic.country)
    spoken = _language_of(clinic.language, offered.default_language, offered.supported_languages)
    found = holidays.country_holidays(clinic.country, years=list(years), language=spoken)
    rows = [_closure(clinic, day, name, now) for day, name in sorted(found.items())]
    known = set(
        TimeOff.objects.for_clinic(clinic)
        .exclude(holiday_key="")
        .values_list("holiday_key", flat=True)
    )
    new = [row for row in rows if row.holiday_key not in known]
    with audited(Actor.system(clinic.pk, "holidays")):
        TimeOff.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _language_of(wanted: str, usual: str | None, offered: Sequence[str]) -> str:
    """The library's name of a language, such as "en_GB": the country's own variant goes first.

    >>> _language_of("en", "en_GB", ["en_GB", "en_US", "th"])
    'en_GB'
    """
    exact = wanted.replace("-", "_")
    base = exact.split("_")[0]
    alike = [one for one in (usual, *offered) if one and one.split("_")[0] == base]
    return exact if exact in offered else next(iter(alike), _ENGLISH)


def _closure(clinic: Clinic, day: date, name: str, now: datetime) -> TimeOff:
    return TimeOff(
        clinic=clinic,
        during=range_of(day_interval(day, clinic.zone)),
        label=name[:100],
        holiday_key=f"{clinic.country}-{day.isoformat()}",
        created_at=now,
    )
