"""Forms of the patients room: shape and validation of fields, no writing."""

from __future__ import annotations

from patients.forms.base import DomainForm
from patients.forms.clinical import (
    AllergyForm,
    CodeForm,
    ConditionForm,
    DecisionForm,
    EndForm,
    FactForm,
    MedicineForm,
    SignForm,
)
from patients.forms.files import LabelsForm, UploadForm, WithdrawForm
from patients.forms.patient import PatientForm
from patients.forms.preferences import ContactForm
from patients.forms.questions import (
    Dressing,
    Reading,
    ShownSection,
    open_questions,
    read_section,
    section_of,
    shown_section,
)

__all__ = [
    "AllergyForm",
    "CodeForm",
    "ConditionForm",
    "ContactForm",
    "DecisionForm",
    "DomainForm",
    "Dressing",
    "EndForm",
    "FactForm",
    "LabelsForm",
    "MedicineForm",
    "PatientForm",
    "Reading",
    "ShownSection",
    "SignForm",
    "UploadForm",
    "WithdrawForm",
    "open_questions",
    "read_section",
    "section_of",
    "shown_section",
]
