"""Holding back all messages of a clinic, and letting them go: after a restore, or because one wants to.

A database that was restored from a backup believes that messages are still to be sent which left
long ago. So the dispatcher remembers which copy of the data it works on; on another one everything
is held until a person has looked.
"""

from __future__ import annotations

import datetime as dt

from django.db import ProgrammingError, connection, transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from aftercare.domain.outbox import State
from aftercare.models import DispatcherState, Message, OutboxHold
from aftercare.services import ledger
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic

_NAME = "dispatcher"
_SYSTEM = Actor.system(label="dispatcher")

# The cluster, the branch of its history (a restore to a point in time begins a new one), the
# database and the table: whichever way data come back, one of them is another.
_WHICH = """
SELECT (SELECT system_identifier FROM pg_control_system()),
       (SELECT timeline_id FROM pg_control_checkpoint()),
       (SELECT oid FROM pg_database WHERE datname = current_database()),
       'aftercare_dispatcherstate'::regclass::oid
"""
_WHICH_WITHOUT_CONTROL = """
SELECT 0, 0, (SELECT oid FROM pg_database WHERE datname = current_database()),
       'aftercare_dispatcherstate'::regclass::oid
"""


def fingerprint() -> str:
    """Which copy of the data this is; a part that the server does not tell is 0.

    Raises `OperationalError` where the server is away: a server that starts anew holds the same
    data, so nothing may be concluded from a question that it broke off.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_WHICH)
            row = cursor.fetchone()
    except ProgrammingError:
        # Some hosts don't let an application read the control file.
        with connection.cursor() as cursor:
            cursor.execute(_WHICH_WITHOUT_CONTROL)
            row = cursor.fetchone()
    return "/".join(map(str, row or ()))


def _same(one: str, other: str) -> bool:
    """Whether two fingerprints agree in every part that both know."""
    parts = zip(one.split("/"), other.split("/"), strict=False)
    return all("0" in pair or pair[0] == pair[1] for pair in parts)


def notice_restore(*, now: dt.datetime) -> bool:
    """Hold everything when the data are another copy than last time; whether it was so."""
    current = fingerprint()
    with audited(_SYSTEM):
        state, created = DispatcherState.objects.select_for_update().get_or_create(
            name=_NAME, defaults={"ticked_at": now, "fingerprint": current}
        )
        if created or state.fingerprint == current:
            return False
        before, last = state.fingerprint, state.ticked_at
        DispatcherState.objects.filter(pk=state.pk).update(fingerprint=current, ticked_at=now)
        if not before or _same(before, current):
            return False
        for clinic in Clinic.objects.filter(is_active=True):
            hold_all(actor=_SYSTEM, clinic=clinic, why=_restored(clinic, last), now=now)
    return True


def _restored(clinic: Clinic, last: dt.datetime) -> str:
    """In the clinic's time: what was done there after `last` is missing, and people must look."""
    with override(clinic.language):
        when = date_format(clinic.local(last), "j F Y, H:i")
        return _("The data were restored from a backup; they end on %(when)s.") % {"when": when}


def hold_all(*, actor: Actor, clinic: Clinic, why: str, now: dt.datetime) -> OutboxHold:
    """Let nothing of a clinic leave until somebody releases it. A second hold changes nothing."""
    with audited(actor):
        hold, _created = OutboxHold.objects.get_or_create(
            clinic=clinic, released_at=None, defaults={"why": why[:300], "since": now}
        )
    return hold


def release_all(
    *, actor: Actor, clinic: Clinic, leave_out_before: dt.datetime | None, now: dt.datetime
) -> int:
    """Let messages leave again; how many are left out.

    Those due before `leave_out_before` are not sent: they may have left before the data were
    restored. Nothing happens where nothing is held.
    """
    with audited(actor):
        held = OutboxHold.objects.for_clinic(clinic).filter(released_at=None)
        if not held.update(released_at=now, released_by=actor.label):
            return 0
        if leave_out_before is None:
            return 0
        why = _("Due while messages were held, and left out by %(who)s.") % {"who": actor.label}
        rows = ledger.transition(
            Q(clinic=clinic, state=State.PLANNED.value, due_at__lt=leave_out_before),
            to=State.SKIPPED,
            why=why,
            now=now,
        )
    return len(rows)


def open_hold(clinic: Clinic) -> OutboxHold | None:
    """What holds the clinic's messages back now."""
    return OutboxHold.objects.for_clinic(clinic).filter(released_at=None).first()


def held_back(clinic: Clinic, *, now: dt.datetime) -> int:
    """How many messages are due and wait for the release."""
    rows = Message.objects.for_clinic(clinic).filter(state=State.PLANNED.value)
    return rows.filter(next_try_at__lte=now).count()
