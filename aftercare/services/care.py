"""How a clinic watches over its patients: its settings, or the defaults while it has none."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from aftercare.domain.outbox import State
from aftercare.models import AlarmNumber, CareSettings, ProgrammeStep
from aftercare.services import ledger
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Forbidden


def settings_of(clinic: Clinic) -> CareSettings:
    """The clinic's settings; an unsaved row of defaults where nobody has changed any."""
    found = CareSettings.objects.for_clinic(clinic).first()
    return found or CareSettings(clinic=clinic)


def save(*, actor: Actor, row: CareSettings | AlarmNumber, now: dt.datetime) -> None:
    """Keep the settings (managers), or one's own number for alerts; an empty number is none.

    What is planned of the late watch follows its switch. Raises Forbidden for anybody else's number.
    """
    with audited(actor):
        if isinstance(row, CareSettings):
            check_can(actor, Policy.MANAGER)
            was_on = settings_of(row.clinic).late_watch
            row.save()
            if was_on != row.late_watch:
                _switch_late_watch(row.clinic, on=row.late_watch, now=now)
            return
        if row.staff_id != actor.staff_id:
            raise Forbidden
        if row.phone:
            row.save()
        elif not row._state.adding:
            row.delete()


def _switch_late_watch(clinic: Clinic, *, on: bool, now: dt.datetime) -> None:
    """Leave out what is planned, or plan again what was left out and is still to come.

    A switch pressed by mistake must not cost anybody the watch of twelve weeks.
    """
    steps = ProgrammeStep.objects.for_clinic(clinic).filter(anchor=ProgrammeStep.Anchor.DEEP)
    watch = Q(clinic=clinic, subject_type="session", step_key__in=steps.values("key"))
    # One language for both ways: the words say which messages the switch has left out.
    with override(clinic.language):
        off = _("The clinic has switched the watch for late infections off.")
        again = _("The clinic has switched the watch for late infections on again.")
    if on:
        left_out = Q(state=State.SKIPPED.value, why=off, due_at__gt=now)
        ledger.transition(watch & left_out, to=State.PLANNED, why=again, now=now)
    else:
        ledger.transition(watch & Q(state=State.PLANNED.value), to=State.SKIPPED, why=off, now=now)
