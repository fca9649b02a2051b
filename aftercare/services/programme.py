"""Changing the programme: every change makes a version that stays readable."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from aftercare.domain.conditions import conditions_of
from aftercare.exceptions import ChangedMeanwhile, StepNotFound, StepRefused
from aftercare.models import Channel, MessageTemplate, ProgrammeStep, ProgrammeVersion
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.ids import new_id

FIELDS = (
    "name", "anchor", "offset", "offset_unit", "at_local_time", "expires", "expires_unit",
    "template_key", "channel", "purpose", "is_urgent", "is_essential", "sessions_only",
    "which_sessions", "conditions", "is_active",
)  # fmt: skip
"""What of a step people set; also what a version keeps of it."""

Values = dict[str, Any]


def save_step(
    *, actor: Actor, clinic: Clinic, step_id: UUID | None, values: Values, seen: int | None = None
) -> ProgrammeStep:
    """Change a step, or add one (`step_id` None); `values` by the names in `FIELDS`.

    Messages that are planned already stay as they are. `seen` is the version of the step that
    the change was made from, None where nobody looked. Raises `StepRefused` where the template
    can't carry it, `ChangedMeanwhile` where the step has a newer version, `StepNotFound`.
    """
    with audited(actor):
        _lock(clinic)
        step = _found(clinic, step_id) if step_id else _new(clinic, values["name"])
        if seen is not None and step_id and step.version != seen:
            raise ChangedMeanwhile
        added = step._state.adding
        changed = [name for name in FIELDS if added or getattr(step, name) != values[name]]
        if not changed:
            return step
        keep_first(clinic)
        for name in changed:
            setattr(step, name, values[name])
        _check(step)
        number = latest_version(clinic) + 1
        step.version = number
        step.save()
        note = _("Added: %(step)s.") if added else _("Changed: %(step)s.")
        keep_version(actor=actor, clinic=clinic, number=number, note=note % {"step": step.name})
    return step


def keep_first(clinic: Clinic) -> None:
    """Keep the programme as it was before anybody changed it, so that it can be brought back."""
    if not ProgrammeVersion.objects.for_clinic(clinic).exists():
        system = Actor.system(clinic.pk, str(_("the system")))
        keep_version(actor=system, clinic=clinic, number=1, note=_("As delivered."))


def keep_version(*, actor: Actor, clinic: Clinic, number: int, note: str) -> ProgrammeVersion:
    """Write the whole programme down as it stands now; in the transaction of the change."""
    return ProgrammeVersion.objects.create(
        clinic=clinic,
        number=number,
        changed_by=actor.label[:200],
        note=note[:300],
        steps=[_kept(step) for step in ProgrammeStep.objects.for_clinic(clinic).order_by("key")],
    )


def latest_version(clinic: Clinic) -> int:
    """The number of the newest version; 1 where nothing was changed yet."""
    kept = ProgrammeVersion.objects.for_clinic(clinic).aggregate(newest=Max("number"))
    return int(kept["newest"] or 1)


def restore_version(*, actor: Actor, clinic: Clinic, number: int) -> int:
    """Bring the programme back to how it stood in a version; the number of the new version.

    Steps that were added since are switched off, never deleted. Raises `StepNotFound`.
    """
    with audited(actor):
        _lock(clinic)
        old = ProgrammeVersion.objects.for_clinic(clinic).filter(number=number).first()
        if old is None:
            raise StepNotFound
        kept = {row["key"]: row for row in old.steps}
        version = latest_version(clinic) + 1
        for step in ProgrammeStep.objects.for_clinic(clinic):
            values = kept.get(step.key, {"is_active": False})
            if all(_plain(getattr(step, name)) == value for name, value in values.items()):
                continue
            for name, value in values.items():
                setattr(step, name, value)
            step.version = version
            step.save()
        note = _("Back to version %(number)s.") % {"number": number}
        keep_version(actor=actor, clinic=clinic, number=version, note=note)
    return version


def _lock(clinic: Clinic) -> None:
    """One change of a clinic's programme after the other: each makes the next version."""
    list(Clinic.objects.select_for_update(no_key=True).filter(pk=clinic.pk).values_list("pk"))


def _found(clinic: Clinic, step_id: UUID) -> ProgrammeStep:
    step = ProgrammeStep.objects.for_clinic(clinic).filter(pk=step_id).first()
    if step is None:
        raise StepNotFound
    return step


def _new(clinic: Clinic, name: str) -> ProgrammeStep:
    pk = new_id()
    return ProgrammeStep(pk=pk, clinic=clinic, key=f"{slugify(name)[:40] or 'step'}-{pk.hex[-6:]}")


def _check(step: ProgrammeStep) -> None:
    try:
        conditions_of(step.conditions, step.which_sessions)
    except ValueError as error:
        raise StepRefused(str(error), field="conditions") from error
    texts = MessageTemplate.objects.for_clinic(step.clinic).filter(key=step.template_key)
    if not texts:
        raise StepRefused(_("There is no such template."), field="template_key")
    if step.channel != Channel.EMAIL and not all(text.short_text for text in texts):
        raise StepRefused(
            _("This template has no short text for SMS and WhatsApp yet."), field="channel"
        )


def _kept(step: ProgrammeStep) -> dict[str, Any]:
    return {"key": step.key, **{name: _plain(getattr(step, name)) for name in FIELDS}}


def _plain(value: Any) -> Any:
    return value.isoformat("minutes") if isinstance(value, dt.time) else value
