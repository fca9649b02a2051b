"""What is true of the subjects of messages, in the terms of a programme step's conditions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from uuid import UUID

from aftercare.domain.conditions import DEEP, Circumstances, Season, season_of
from mesoclinic.clinic.models import Clinic, Hemisphere
from patients.models import Condition, Medicine, Patient
from scheduling.models import Appointment
from treatments.models import (
    CocktailItem,
    PlannedSession,
    SessionDose,
    SessionRecord,
    TreatmentPlan,
)

Keys = dict[str, set[str]]


@dataclass(frozen=True)
class About:
    """A subject to ask about: its kind and id, whose it is, and when it is (aware)."""

    kind: str
    id: UUID
    patient_id: UUID
    at: dt.datetime


def circumstances(
    clinic: Clinic, subjects: Sequence[About], kinds: Set[str]
) -> dict[UUID, Circumstances]:
    """What is known of each subject, by its id, as far as `kinds` ask for it ("which": its number).

    A visit is known by its plan and the newest version of the cocktail, a session held by what was
    given. Risk flags are the tags of what the patient takes and has. At most ten queries.
    """
    people = {one.patient_id for one in subjects}
    flags = _flags(people) if "flags" in kinds else {}
    languages = _languages(people) if "languages" in kinds else {}
    courses = _courses(clinic, subjects) if kinds & _OF_COURSE else {}
    given = _given([one.id for one in subjects if one.kind == "session"]) if courses else {}
    found = {}
    for one in subjects:
        number, keys = courses.get(one.id, (None, {}))
        known = {kind: frozenset(values) for kind, values in (keys | given.get(one.id, {})).items()}
        known["flags"] = frozenset(flags.get(one.patient_id, ()))
        known["languages"] = frozenset({languages.get(one.patient_id) or clinic.language[:2]})
        known["seasons"] = frozenset({season_at(clinic, one.at).value})
        found[one.id] = Circumstances(known, number)
    return found


_OF_COURSE = frozenset({"techniques", "areas", "ingredients", "indications", "which"})


def _languages(people: Iterable[UUID]) -> dict[UUID, str]:
    rows = Patient.objects.filter(pk__in=people).values_list("pk", "language")
    return {pk: language[:2] for pk, language in rows}


def season_at(clinic: Clinic, at: dt.datetime) -> Season:
    """The season at the clinic."""
    return season_of(clinic.today(at), northern=clinic.hemisphere == Hemisphere.NORTH)


def _flags(people: Iterable[UUID]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    for model in (Medicine, Condition):
        rows = model.objects.filter(patient__in=people, is_active=True)
        for patient, tags in rows.values_list("patient_id", "tags"):
            found[patient].update(tags)
    return found


def _courses(clinic: Clinic, subjects: Sequence[About]) -> dict[UUID, tuple[int | None, Keys]]:
    """Number of the session and keys of the plan behind visits, sessions and plans."""
    by_kind: dict[str, list[UUID]] = defaultdict(list)
    for one in subjects:
        by_kind[one.kind].append(one.id)
    visits = Appointment.objects.filter(pk__in=by_kind["appointment"])
    records = SessionRecord.objects.filter(pk__in=by_kind["session"])
    behind = dict(visits.values_list("pk", "planned_session_id"))
    behind |= dict(records.values_list("pk", "planned_session_id"))
    sessions = PlannedSession.objects.filter(pk__in=[pk for pk in behind.values() if pk])
    plan_of = {pk: (plan, number) for pk, plan, number in sessions.values_list(
        "pk", "plan_id", "number"
    )}  # fmt: skip
    keys = _plan_keys(clinic, {*by_kind["plan"], *(plan for plan, _n in plan_of.values())})
    found: dict[UUID, tuple[int | None, Keys]] = {
        pk: (None, keys.get(pk, {})) for pk in by_kind["plan"]
    }
    for subject, session in behind.items():
        if session in plan_of:
            plan, number = plan_of[session]
            found[subject] = (number, keys.get(plan, {}))
    return found


def _plan_keys(clinic: Clinic, ids: Iterable[UUID]) -> dict[UUID, Keys]:
    plans = (
        TreatmentPlan.objects.for_clinic(clinic)
        .filter(pk__in=ids)
        .select_related("indication")
        .prefetch_related("techniques", "areas")
    )
    found: dict[UUID, Keys] = {}
    for plan in plans:
        techniques = {one.key for one in plan.techniques.all()}
        if any(one.is_skin_breaking_deep for one in plan.techniques.all()):
            techniques.add(DEEP)
        areas = {one.key for one in plan.areas.all()}
        areas |= {one.region for one in plan.areas.all()}
        found[plan.pk] = {
            "indications": {plan.indication.key}, "techniques": techniques, "areas": areas,
        }  # fmt: skip
    rows = CocktailItem.objects.filter(cocktail__plan__in=found).order_by("cocktail__version")
    versions: dict[UUID, int] = {}
    for plan_id, version, key in rows.values_list(
        "cocktail__plan_id", "cocktail__version", "ingredient__key"
    ):
        if versions.get(plan_id) != version:
            versions[plan_id], found[plan_id]["ingredients"] = version, set()
        found[plan_id]["ingredients"].add(key)
    return found


def _given(sessions: Sequence[UUID]) -> dict[UUID, Keys]:
    """What was given at sessions that were held: it counts more than what was planned."""
    found: dict[UUID, Keys] = {}
    rows = SessionDose.objects.filter(session__in=sessions).select_related(
        "ingredient", "technique", "area"
    )
    for dose in rows:
        keys = found.setdefault(
            dose.session_id, {"techniques": set(), "areas": set(), "ingredients": set()}
        )
        keys["ingredients"].add(dose.ingredient.key)
        keys["areas"] |= {dose.area.key, dose.area.region}
        keys["techniques"].add(dose.technique.key)
        if dose.technique.is_skin_breaking_deep:
            keys["techniques"].add(DEEP)
    return found
