"""What the patients room stores; split by what changes together."""

from __future__ import annotations

from patients.models.base import PatientOwned
from patients.models.files import PatientFile
from patients.models.importing import ImportRow, ImportRun
from patients.models.links import LinkCode, PatientLink
from patients.models.merging import PatientMerge
from patients.models.patient import ContactPreference, ExternalIdentifier, Patient
from patients.models.record import Allergy, ClinicalTerm, Condition, Medicine
from patients.models.screening import (
    Questionnaire,
    Screening,
    ScreeningConfirmation,
    ScreeningDecision,
    ScreeningResult,
)

__all__ = [
    "Allergy",
    "ClinicalTerm",
    "Condition",
    "ContactPreference",
    "ExternalIdentifier",
    "ImportRow",
    "ImportRun",
    "LinkCode",
    "Medicine",
    "Patient",
    "PatientFile",
    "PatientLink",
    "PatientMerge",
    "PatientOwned",
    "Questionnaire",
    "Screening",
    "ScreeningConfirmation",
    "ScreeningDecision",
    "ScreeningResult",
]
