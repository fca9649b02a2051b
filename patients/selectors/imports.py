"""Imports and their lines; and who of a file seems to be here already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from uuid import UUID

from django.db.models import Q, QuerySet

from mesoclinic.clinic.models import Clinic
from patients.domain.fhir import ParsedRecord
from patients.domain.tables import NUMBER_SYSTEM
from patients.domain.terms import normalise
from patients.exceptions import ImportNotFound
from patients.models import ExternalIdentifier, ImportRow, ImportRun, Patient

_SIMILAR = 0.75


def get_run(clinic: Clinic, run_id: UUID) -> ImportRun:
    """One import of the clinic. Raises ImportNotFound."""
    run = ImportRun.objects.for_clinic(clinic).filter(pk=run_id).first()
    if run is None:
        raise ImportNotFound
    run.clinic = clinic
    return run


def recent_runs(clinic: Clinic, limit: int = 20) -> list[ImportRun]:
    """The last imports, newest first. One query."""
    rows = ImportRun.objects.for_clinic(clinic).defer("columns", "mapping", "options")
    return list(rows.order_by("-created_at")[:limit])


def lines_of(run: ImportRun, state: str = "") -> QuerySet[ImportRow]:
    """The lines of an import in their order, those of one state or all."""
    rows = run.rows.select_related("patient").defer("trace").order_by("number")
    return rows.filter(state=state) if state else rows


def known_numbers(clinic: Clinic, records: Iterable[ParsedRecord]) -> dict[str, UUID]:
    """Numbers in the old system that somebody here has → whose they are. One query."""
    wanted = {one.value for record in records for one in record.patient.identifiers}
    rows = ExternalIdentifier.objects.for_clinic(clinic).filter(
        system=NUMBER_SYSTEM, value__in=wanted, patient__erased_at=None
    )
    return dict(rows.values_list("value", "patient_id"))


@dataclass(frozen=True)
class Alike:
    """Patients of the clinic who share a birth date, phone or e-mail with some line of a file."""

    patients: tuple[Patient, ...]

    def of(self, record: ParsedRecord) -> Patient | None:
        """The first who shares one of them and has a similar name (a family shares a phone)."""
        who = record.patient
        name, email = normalise(who.name), who.email.strip().lower()
        for one in self.patients:
            shares = (who.birth_date is not None and one.birth_date == who.birth_date) or (
                email and one.email == email
            )
            differs = who.birth_date and one.birth_date and one.birth_date != who.birth_date
            if shares and not differs and _similar(name, normalise(one.name)):
                return one
        return None


def _similar(one: str, two: str) -> bool:
    if set(one.split()) == set(two.split()):
        return True
    return SequenceMatcher(None, one, two).ratio() >= _SIMILAR


def alike_patients(clinic: Clinic, records: Iterable[ParsedRecord]) -> Alike:
    """Who is here and shares something with these lines. One query."""
    people = [record.patient for record in records]
    born = {one.birth_date for one in people if one.birth_date is not None}
    mails = {one.email.strip().lower() for one in people if one.email}
    rows = Patient.objects.for_clinic(clinic).filter(
        Q(birth_date__in=born) | Q(email__in=mails), erased_at=None
    )
    return Alike(tuple(rows.only("name", "birth_date", "email", "record_number")))
