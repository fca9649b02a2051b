"""What was agreed around a plan: costs, sessions bought, and what else was offered."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from treatments.domain.costs import MOST_LINES, CostLine
from treatments.models import TreatmentPlan
from treatments.services.rights import check_can_treat

_CURRENCY = re.compile(r"[A-Z]{3}")
MOST_BOUGHT = 200


@dataclass(frozen=True)
class Terms:
    """`bought`: sessions paid for, None where each is paid on the day. `currency` as ISO 4217."""

    offered: str = ""
    bought: int | None = None
    costs: tuple[CostLine, ...] = ()
    currency: str = ""


def check_terms(terms: Terms) -> None:
    """Raise Invalid, naming the field."""
    if terms.currency and not _CURRENCY.fullmatch(terms.currency):
        raise Invalid(_("Three capital letters, for example EUR."), field="currency")
    if terms.costs and not terms.currency:
        raise Invalid(_("Say in which currency, for example EUR."), field="currency")
    if len(terms.costs) > MOST_LINES:
        raise Invalid(_("Twenty cost lines at most."), field="costs")
    if terms.bought is not None and not 0 <= terms.bought <= MOST_BOUGHT:
        raise Invalid(_("Between 0 and 200."), field="sessions_bought")


def apply_terms(plan: TreatmentPlan, terms: Terms) -> TreatmentPlan:
    """Put checked terms on a plan that is not saved yet."""
    check_terms(terms)
    plan.offered = terms.offered.strip()
    plan.sessions_bought = terms.bought
    plan.cost_lines = [line.as_json() for line in terms.costs]
    plan.currency = terms.currency
    return plan


def set_terms(
    *, plan: TreatmentPlan, terms: Terms, actor: Actor, now: dt.datetime
) -> TreatmentPlan:
    """Change the terms of a plan. A signed consent stays as it was signed."""
    check_can_treat(actor)
    with audited(actor, reason="terms"):
        plan = TreatmentPlan.objects.select_for_update().get(pk=plan.pk)
        apply_terms(plan, terms)
        plan.save(update_fields=["offered", "sessions_bought", "cost_lines", "currency"])
    return plan
