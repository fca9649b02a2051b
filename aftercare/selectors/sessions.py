"""What was done at a session, as triage looks at it."""

from __future__ import annotations

from aftercare.domain.triage import SessionFacts
from treatments.models import SessionDose, SessionRecord


def facts_of(session: SessionRecord) -> SessionFacts:
    """Ingredients given, lots withdrawn since, and whether a technique went deep. Two queries.

    A technique counts when it was used; before any dose is written, when the plan has it.
    """
    doses = SessionDose.objects.filter(session=session).values_list(
        "ingredient__key", "technique__is_skin_breaking_deep", "lot__number", "lot__withdrawn_at"
    )
    rows = list(doses)
    return SessionFacts(
        ingredients=frozenset(row[0] for row in rows),
        deep=any(row[1] for row in rows) if rows else _plan_goes_deep(session),
        withdrawn_lots=frozenset(row[2] for row in rows if row[3] is not None),
    )


def _plan_goes_deep(session: SessionRecord) -> bool:
    plan = session.planned_session.plan
    return plan.techniques.filter(is_skin_breaking_deep=True).exists()
