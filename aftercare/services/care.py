"""How a clinic watches over its patients: its settings, or the defaults while it has none."""

from __future__ import annotations

from aftercare.models import AlarmNumber, CareSettings
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Forbidden


def settings_of(clinic: Clinic) -> CareSettings:
    """The clinic's settings; an unsaved row of defaults where nobody has changed any."""
    found = CareSettings.objects.for_clinic(clinic).first()
    return found or CareSettings(clinic=clinic)


def save(*, actor: Actor, row: CareSettings | AlarmNumber) -> None:
    """Keep the settings (managers), or one's own number for alerts; an empty number is none.

    Raises Forbidden for anybody else's.
    """
    with audited(actor):
        if isinstance(row, CareSettings):
            check_can(actor, Policy.MANAGER)
            row.save()
            return
        if row.staff_id != actor.staff_id:
            raise Forbidden
        if row.phone:
            row.save()
        elif not row._state.adding:
            row.delete()
