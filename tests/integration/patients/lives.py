"""Somebody with a row in as many tables as there are, each word of whom can be found again."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

from django.db import connection

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients import services
from patients.models import (
    ContactPreference,
    ExternalIdentifier,
    ImportRow,
    ImportRun,
    LinkCode,
    Patient,
)
from patients.selectors.paths import paths_to_patient
from tests.factories import aftercare, scheduling, treatments
from tests.factories.files import photograph
from tests.factories.patients import (
    NOW,
    AllergyFactory,
    ConditionFactory,
    LinkFactory,
    MedicineFactory,
    PatientFactory,
    actor_for,
    confirmed,
    decided,
    draft_for,
    merged,
    screened,
)

DAY = dt.timedelta(days=1)
MARK = "Zzyzx"


def somebody(clinic: Clinic) -> Patient:
    """Somebody whose every free word can be found again wherever it lies."""
    made: Patient = PatientFactory(
        clinic=clinic, name=f"Inês {MARK}", family_name=MARK, email=f"{MARK}@example.org".lower(),
        address=f"1 {MARK} Road", alert=f"{MARK} faints", notes=f"{MARK} notes", country="FR",
        emergency_contact=f"{MARK} senior", guardian_name=f"{MARK} mother", found_note=MARK,
        guardian_contact="+33 1 23 45 67 89", preferred_name="Inês", sun_exposure="high",
    )  # fmt: skip
    return made


def live(person: Patient, practitioner: Membership, *, treated: bool = True) -> None:
    """A row in as many tables as there are: screened, planned, treated, written to, imported."""
    boss = actor_for(practitioner)
    who = {"patient": person, "clinic": person.clinic}
    result = screened(person, now=treatments.NOW)
    decided(result, practitioner)
    confirmed(result, now=treatments.NOW)
    draft_for(person, boss)
    if treated:
        stock = treatments.catalogue(person.clinic)
        session = treatments.signed(
            treatments.course(stock, practitioner, who=person), stock, practitioner
        )
        aftercare.checkin(session, NOW)
    scheduling.visit(scheduling.desk(practitioner), person, NOW - DAY * 20)
    AllergyFactory(patient=person, text=f"{MARK} fish", reaction="Hives", severity="severe")
    MedicineFactory(patient=person, codes=["rxnorm:11289"], since=dt.date(2025, 1, 2))
    ConditionFactory(patient=person, is_active=False, ended_on=dt.date(2024, 5, 6), note=MARK)
    ContactPreference.objects.create(purpose="news", allowed=False, changed_at=NOW, **who)
    link = LinkFactory(patient=person)
    LinkCode.objects.create(link=link, digest="d" * 64, expires_at=NOW, **who)
    ExternalIdentifier.objects.create(system="old", value=f"{MARK}-17", **who)
    run = ImportRun.objects.create(
        clinic=person.clinic, kind="table", state="mapping", file_name="x"
    )
    ImportRow.objects.create(run=run, number=1, state="done", values=[MARK], **who)
    aftercare.message(person, NOW, recipient=person.email, title=MARK)
    aftercare.task(person, NOW, title=f"Call {MARK}")
    photograph(person)
    merged(person, PatientFactory(clinic=person.clinic, name=f"Ines {MARK}", notes=MARK), now=NOW)


def tables() -> list[Any]:
    return [model for model in paths_to_patient() if model is not Patient]


def handed_out(actor: Actor, person: Patient) -> zipfile.ZipFile:
    with services.export_patient(actor=actor, patient=person, now=NOW) as out:
        return zipfile.ZipFile(io.BytesIO(out.read()))


def everything_stored() -> str:
    """All rows of all tables as text, but for the audit and the sessions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [
            name for (name,) in cursor.fetchall() if not name.startswith(("audit_", "django_"))
        ]
        found = []
        for name in sorted(names):
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{name}" t')  # noqa: S608
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)
