"""Photographs of the patient's files that belong to a session or an adverse event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from patients.models import PatientFile
from treatments.models import AdverseEvent, ClinicalPicture, SessionRecord
from treatments.services.rights import check_can_treat


def attach_pictures(
    *,
    about: SessionRecord | AdverseEvent,
    files: Iterable[UUID],
    actor: Actor,
    now: dt.datetime,
) -> int:
    """Attach photographs of the same patient; says how many are new. Others' files are left out.

    Also after the signature: a picture is a row of its own and changes nothing in the record.
    """
    check_can_treat(actor)
    with audited(actor):
        known = {one.file_id for one in about.pictures.all()}
        rows = PatientFile.objects.shown().filter(
            patient=about.patient_id, kind=PatientFile.Kind.PHOTOGRAPH, pk__in=set(files) - known
        )
        made = [
            ClinicalPicture(
                clinic_id=about.clinic_id,
                patient_id=about.patient_id,
                file=row,
                session=about if isinstance(about, SessionRecord) else None,
                event=about if isinstance(about, AdverseEvent) else None,
                created_at=now,
            )
            for row in rows
        ]
        ClinicalPicture.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)
