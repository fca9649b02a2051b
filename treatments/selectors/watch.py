"""Adverse events by lot, ingredient, technique, room and practitioner, for the cluster watch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.clinic.models import Clinic
from treatments.domain.watch import LATE_WEEKS, Judged, Tally, judge, late_signs
from treatments.models import AdverseEvent, SessionDose, SessionRecord
from treatments.panels import rooms_of

KINDS = (
    ("lot", gettext_lazy("Lots")),
    ("ingredient", gettext_lazy("Ingredients")),
    ("technique", gettext_lazy("Techniques")),
    ("practitioner", gettext_lazy("Practitioners")),
    ("room", gettext_lazy("Rooms")),
)
# Effects that may be an infection, early or late (docs/clinical-defaults.md).
INFECTION = frozenset({"infection", "nodules"})
# Redness and small marks are what a needle leaves: they would hide what is worth seeing.
EXPECTED = frozenset({"redness"})


@dataclass(frozen=True)
class Watched:
    """One kind of group with its judged members, most suspicious first."""

    kind: str
    title: str
    rows: tuple[tuple[str, Judged], ...]
    tested: int


@dataclass(frozen=True)
class Watch:
    """The whole page: sessions looked at, those followed by an event, groups, late signs by week."""

    sessions: int
    events: int
    groups: tuple[Watched, ...]
    late: tuple[int, ...]


def watch(clinic: Clinic, since: dt.date, until: dt.date) -> Watch:
    """Signed sessions of a period against the events reported for them: seven queries in all."""
    rows = SessionRecord.objects.for_clinic(clinic).filter(
        signed_at__isnull=False, performed_on__range=(since, until)
    )
    sessions = {
        pk: (planned, who, str(name))
        for pk, planned, who, name in rows.order_by().values_list(
            "pk", "planned_session_id", "practitioner_id", "practitioner__full_name"
        )
    }
    struck = set(
        AdverseEvent.objects.for_clinic(clinic)
        .filter(session__in=rows.order_by())
        .exclude(effect__in=EXPECTED)
        .values_list("session_id", flat=True)
    )
    groups = _groups(clinic, rows.order_by(), sessions)
    return Watch(
        sessions=len(sessions),
        events=len(struck),
        groups=tuple(
            _watched(kind, str(title), groups[kind], struck, len(sessions)) for kind, title in KINDS
        ),
        late=_late(clinic, since, until),
    )


Groups = dict[str, dict[tuple[Hashable, str], set[UUID]]]


def _groups(
    clinic: Clinic,
    rows: QuerySet[SessionRecord],
    sessions: dict[UUID, tuple[UUID, UUID, str]],
) -> Groups:
    groups: Groups = {kind: {} for kind, _title in KINDS}
    doses = SessionDose.objects.filter(session__in=rows).order_by()
    for session, lot, lot_name, ingredient, ingredient_name, technique, technique_name in (
        doses.values_list(
            "session_id", "lot_id", "lot__number", "ingredient_id", "ingredient__name",
            "technique_id", "technique__name",
        ).distinct()
    ):  # fmt: skip
        groups["lot"].setdefault((lot, lot_name), set()).add(session)
        groups["ingredient"].setdefault((ingredient, ingredient_name), set()).add(session)
        groups["technique"].setdefault((technique, technique_name), set()).add(session)
    rooms = rooms_of(clinic, [planned for planned, _who, _name in sessions.values()])
    for session, (planned, who, name) in sessions.items():
        groups["practitioner"].setdefault((who, name), set()).add(session)
        if planned in rooms:
            room = rooms[planned]
            groups["room"].setdefault((room, room), set()).add(session)
    return groups


def _watched(
    kind: str,
    title: str,
    groups: dict[tuple[Hashable, str], set[UUID]],
    struck: set[UUID],
    sessions: int,
) -> Watched:
    names = dict(groups.keys())
    tallies = [Tally(key, len(mine), len(mine & struck)) for (key, _n), mine in groups.items()]
    judged = judge(tallies, sessions, len(struck))
    return Watched(
        kind=kind,
        title=title,
        rows=tuple((names[one.tally.key], one) for one in judged),
        tested=sum(1 for one in tallies if one.events > 1),
    )


def _late(clinic: Clinic, since: dt.date, until: dt.date) -> tuple[int, ...]:
    signs = list(
        AdverseEvent.objects.for_clinic(clinic)
        .filter(effect__in=INFECTION, onset_on__range=(since, until))
        .values_list("patient_id", "onset_on")
    )
    first = since - dt.timedelta(weeks=LATE_WEEKS)
    days: dict[Hashable, list[dt.date]] = {}
    rows = SessionRecord.objects.for_clinic(clinic).filter(
        patient_id__in={patient for patient, _onset in signs},
        signed_at__isnull=False,
        performed_on__gte=first,
    )
    for patient, day in rows.order_by().values_list("patient_id", "performed_on"):
        days.setdefault(patient, []).append(day)
    return late_signs(days, signs)


def late_words(counts: Iterable[int]) -> list[tuple[str, int]]:
    """Week by week in words, for the chart and its table."""
    return [(_("Week %(n)s") % {"n": number}, count) for number, count in enumerate(counts, 1)]
