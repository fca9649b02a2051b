"""Plans as lists and pages show them: none of an erased person, whose record is closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Lower

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import NotFound
from patients.models import Patient
from patients.selectors.search import Fold
from treatments.models import (
    Cocktail,
    CocktailItem,
    Consent,
    PlannedSession,
    SessionRecord,
    TreatmentPlan,
)


@dataclass(frozen=True)
class PlanFilter:
    """What narrows the list; empty parts don't."""

    status: str = ""
    practitioner: str = ""
    query: str = ""


def plan_list(clinic: Clinic, wanted: PlanFilter) -> QuerySet[TreatmentPlan]:
    """Plans of the clinic, newest first, with how many sessions they have and how many are signed."""
    rows = (
        TreatmentPlan.objects.for_clinic(clinic)
        .filter(patient__erased_at=None)
        .select_related("patient", "practitioner", "indication")
        .annotate(
            sessions_total=Count("sessions", filter=Q(sessions__dropped_at__isnull=True)),
            sessions_done=Count(
                "sessions",
                filter=Q(sessions__record__signed_at__isnull=False),
            ),
        )
        .order_by("-created_at", "-pk")
    )
    if wanted.status in TreatmentPlan.Status.values:
        rows = rows.filter(status=wanted.status)
    practitioner = _uuid(wanted.practitioner)
    if practitioner is not None:
        rows = rows.filter(practitioner_id=practitioner)
    for word in wanted.query.split()[:6]:
        rows = rows.annotate(indication_name=Lower("indication__name")).filter(
            Q(patient__search__contains=Fold(Value(word)))
            | Q(indication_name__contains=word.lower())
        )
    return rows


def plans_of(patient: Patient) -> list[TreatmentPlan]:
    """All plans of one patient with their counts (one query)."""
    rows = plan_list(patient.clinic, PlanFilter()).filter(patient=patient)
    return list(rows)


def get_plan(clinic: Clinic, pk: UUID) -> TreatmentPlan:
    """One plan of the clinic with its people. Raises NotFound for everybody else's."""
    rows = TreatmentPlan.objects.for_clinic(clinic).select_related(
        "patient", "practitioner", "indication", "protocol", "clinic"
    )
    rows = rows.prefetch_related("areas", "techniques")
    plan = rows.filter(pk=pk, patient__erased_at=None).first()
    if plan is None:
        raise NotFound
    plan.patient.clinic = plan.clinic = clinic
    return plan


def get_session(clinic: Clinic, pk: UUID) -> PlannedSession:
    """One planned session of the clinic with its plan. Raises NotFound for everybody else's."""
    rows = PlannedSession.objects.for_clinic(clinic).select_related(
        "patient", "plan__indication", "plan__practitioner", "clinic", "record"
    )
    session = rows.filter(pk=pk, patient__erased_at=None).first()
    if session is None:
        raise NotFound
    session.patient.clinic = session.clinic = clinic
    return session


def get_record(session: PlannedSession) -> SessionRecord | None:
    """The session's record with everybody it names, None before it has begun."""
    rows = SessionRecord.objects.select_related(
        "clinic", "patient", "planned_session__plan", "cocktail", "practitioner", "signed_by"
    )
    return rows.filter(planned_session=session).first()


def cocktails_of(plan: TreatmentPlan) -> list[Cocktail]:
    """All versions, newest first, with items and consents (three queries)."""
    items = CocktailItem.objects.select_related("ingredient").order_by("ingredient__name")
    return list(
        plan.cocktails.select_related("created_by")
        .prefetch_related(
            Prefetch("items", items),
            Prefetch("consents", Consent.objects.defer("text").order_by("-signed_at")),
        )
        .order_by("-version")
    )


def get_consent(clinic: Clinic, pk: UUID) -> Consent:
    """One signature of the clinic. Raises NotFound."""
    row = (
        Consent.objects.for_clinic(clinic)
        .select_related("clinic", "patient", "cocktail__plan")
        .filter(pk=pk, patient__erased_at=None)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def sessions_left(plan: TreatmentPlan) -> int:
    """Sessions of a plan that are neither left out nor signed."""
    rows = plan.sessions.filter(dropped_at__isnull=True)
    return rows.exclude(record__signed_at__isnull=False).count()


@dataclass(frozen=True)
class Difference:
    """How one ingredient differs between two versions: "added", "removed" or "changed"."""

    kind: str
    name: str
    before: str = ""
    after: str = ""


def differences(new: Cocktail, old: Cocktail | None) -> list[Difference]:
    """What a version changed against the one before; rows with prefetched items."""
    if old is None:
        return []
    before = {item.ingredient_id: item for item in old.items.all()}
    after = {item.ingredient_id: item for item in new.items.all()}
    return [
        *(_difference(before.get(pk), item) for pk, item in after.items() if _differs(before.get(pk), item)),
        *(Difference("removed", str(item.ingredient), _amount(item)) for pk, item in before.items()
          if pk not in after),
    ]  # fmt: skip


def _differs(old: CocktailItem | None, new: CocktailItem) -> bool:
    return old is None or (old.dose, old.unit) != (new.dose, new.unit)


def _difference(old: CocktailItem | None, new: CocktailItem) -> Difference:
    kind = "added" if old is None else "changed"
    return Difference(kind, str(new.ingredient), _amount(old) if old else "", _amount(new))


def _amount(item: CocktailItem) -> str:
    return f"{item.dose.normalize():f} {item.get_unit_display()}"


def current(cocktails: Iterable[Cocktail]) -> Cocktail | None:
    """The newest of `cocktails_of`."""
    return next(iter(cocktails), None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
