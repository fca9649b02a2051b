"""Registering patients and keeping their identity up to date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields
from decimal import Decimal
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid
from mesoclinic.common.ids import new_id
from patients import signals
from patients.exceptions import PatientClosed, PossibleDuplicate
from patients.models import Patient
from patients.models.patient import record_number
from patients.selectors import Likeness, possible_duplicates
from patients.services.contact import normalise_country, normalise_phone, sort_name
from patients.services.judging import reevaluate

OLDEST = 130
_CONTACT = frozenset({"email", "language", "name", "preferred_name", "deceased_on"})
_SAFETY = frozenset({"birth_date", "sex", "guardian_consent_on"})


@dataclass(frozen=True)
class PatientData:
    """Everything staff write about a person, as typed; empty where not known.

    `phone` may be in any notation; `preferred_weekdays` count from Monday = 0.
    """

    name: str
    preferred_name: str = ""
    family_name: str = ""
    birth_date: dt.date | None = None
    sex: str = "unknown"
    email: str = ""
    phone: str = ""
    address: str = ""
    country: str = ""
    language: str = ""
    emergency_contact: str = ""
    guardian_name: str = ""
    guardian_contact: str = ""
    guardian_consent_on: dt.date | None = None
    found_through: str = ""
    found_note: str = ""
    sun_exposure: str = ""
    smoking: str = ""
    alcohol: str = ""
    stress: str = ""
    phototype: int | None = None
    weight_kg: Decimal | None = None
    alert: str = ""
    notes: str = ""
    preferred_weekdays: list[int] = field(default_factory=list)
    preferred_from: dt.time | None = None
    preferred_until: dt.time | None = None
    deceased_on: dt.date | None = None

    @classmethod
    def of(cls, patient: Patient) -> PatientData:
        """What is stored now: a partial update replaces some of it."""
        return cls(**{one.name: getattr(patient, one.name) for one in fields(cls)})


def register_patient(
    *,
    actor: Actor,
    clinic: Clinic,
    data: PatientData,
    now: dt.datetime,
    accept_duplicate: bool = False,
    patient_id: UUID | None = None,
) -> Patient:
    """Register a new patient with the clinic's next record number.

    `patient_id` (made when the form was shown) makes a second click give the same patient. Raises PossibleDuplicate (unless accepted), InvalidPhone and Invalid with the field to blame.
    """
    values = _values(data, clinic, now)
    with audited(actor):
        # One registration at a time and clinic: neither numbers nor duplicates race.
        lock_clinic(clinic)
        again = patient_id and Patient.objects.for_clinic(clinic).filter(pk=patient_id).first()
        if again:
            return again
        if not accept_duplicate:
            _refuse_duplicate(clinic, values)
        return Patient.objects.create(
            id=patient_id or new_id(),
            clinic=clinic,
            record_number=next_record_number(clinic),
            created_at=now,
            **values,
        )


def update_patient(
    *, actor: Actor, patient: Patient, data: PatientData, now: dt.datetime
) -> Patient:
    """Change identity and preferences. Writes nothing where nothing changed.

    A changed birth date, sex or guardian's consent is judged anew; a changed address is announced.
    Raises PatientClosed for an erased record, InvalidPhone and Invalid.
    """
    with audited(actor):
        # Lock first: two people at the desk must not undo each other's change half-way.
        stored = Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
        if stored.erased_at is not None:
            raise PatientClosed
        stored.clinic = patient.clinic
        values = _values(data, patient.clinic, now)
        changed = {name for name, value in values.items() if getattr(stored, name) != value}
        if not changed:
            return stored
        for name in changed:
            setattr(stored, name, values[name])
        stored.save(update_fields=sorted(changed))
        if changed & _SAFETY:
            reevaluate(actor=actor, patient=stored, now=now)
        if changed & _CONTACT:
            signals.contact_changed.send(
                sender=Patient, clinic=stored.clinic, actor=actor, now=now, patient=stored
            )
    return stored


def lock_clinic(clinic: Clinic) -> None:
    """Serialise registrations of one clinic. Call inside a transaction."""
    Clinic.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=clinic.pk)


def next_record_number(clinic: Clinic) -> str:
    """The clinic's next number. Call inside a transaction: the row stays locked until its end."""
    rows = Clinic.objects.filter(pk=clinic.pk)
    rows.update(record_counter=F("record_counter") + 1)
    return record_number(rows.values_list("record_counter", flat=True).get())


def likeness(clinic: Clinic, values: dict[str, object]) -> Likeness:
    """What registering compares with the patients there are."""
    born = values.get("birth_date")
    return Likeness(
        name=str(values.get("name", "")),
        birth_date=born if isinstance(born, dt.date) else None,
        phone=str(values.get("phone", "")),
        email=str(values.get("email", "")),
    )


def _refuse_duplicate(clinic: Clinic, values: dict[str, object]) -> None:
    candidates = possible_duplicates(clinic, likeness(clinic, values))
    if candidates:
        raise PossibleDuplicate(candidates)


def _values(data: PatientData, clinic: Clinic, now: dt.datetime) -> dict[str, object]:
    values: dict[str, object] = {one.name: getattr(data, one.name) for one in fields(data)}
    name = " ".join(data.name.split())
    _check(data, name, clinic.today(now))
    values["name"] = name
    values["preferred_name"] = " ".join(data.preferred_name.split())
    values["family_name"] = " ".join(data.family_name.split()) or sort_name(name)
    values["email"] = data.email.strip().lower()
    values["country"] = normalise_country(data.country)
    values["phone"] = normalise_phone(data.phone, data.country or clinic.country)
    values["language"] = data.language or clinic.language
    values["preferred_weekdays"] = sorted(set(data.preferred_weekdays))
    return values


def _check(data: PatientData, name: str, today: dt.date) -> None:
    if not name:
        raise Invalid(_("Write the patient's name."), field="name")
    for field_name in ("birth_date", "deceased_on", "guardian_consent_on"):
        day = getattr(data, field_name)
        if day is not None and day > today:
            raise Invalid(_("This day is still to come."), field=field_name)
    _check_life(data, today)
    _check_preferences(data)


def _check_life(data: PatientData, today: dt.date) -> None:
    if data.birth_date is None:
        return
    if data.birth_date.year < today.year - OLDEST:
        raise Invalid(_("Nobody is that old. Check the year."), field="birth_date")
    if data.deceased_on is not None and data.deceased_on < data.birth_date:
        raise Invalid(_("This is before the date of birth."), field="deceased_on")


def _check_preferences(data: PatientData) -> None:
    if any(day not in range(7) for day in data.preferred_weekdays):
        raise Invalid(_("Weekdays count from 0 (Monday) to 6."), field="preferred_weekdays")
    if data.preferred_from and data.preferred_until and data.preferred_from >= data.preferred_until:
        raise Invalid(_("The end must be after the start."), field="preferred_until")
