"""What the clinic's public booking page offers."""

from __future__ import annotations

from mesoclinic.clinic.models import Clinic
from scheduling.exceptions import OnlineClosed
from scheduling.models import OnlineRules, VisitType
from scheduling.selectors.own import online_rules


def public_clinic(slug: str) -> Clinic:
    """The clinic of a public address. Raises OnlineClosed for unknown and closed ones alike."""
    found = Clinic.objects.filter(slug=slug, is_active=True).first()
    if found is None:
        raise OnlineClosed
    return found


def open_rules(clinic: Clinic) -> OnlineRules:
    """The rules of a clinic that takes bookings online. Raises OnlineClosed."""
    rules = online_rules(clinic)
    if not rules.is_open:
        raise OnlineClosed
    return rules


def online_types(clinic: Clinic) -> list[VisitType]:
    """What patients may book by themselves: no injections, those belong to a plan."""
    rows = VisitType.objects.for_clinic(clinic).filter(
        is_online=True, is_active=True, needs_licence=False
    )
    return list(rows.order_by("name"))
