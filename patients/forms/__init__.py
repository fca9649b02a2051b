"""Forms of the patients room: shape and validation of fields, no writing."""

from __future__ import annotations

from patients.forms.base import DomainForm
from patients.forms.building import OptionForms, QuestionForm, SectionForm, TitleForm, Workshop
from patients.forms.clinical import (
    STATEMENT,
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
from patients.forms.importing import MappingForm
from patients.forms.patient import PatientForm
from patients.forms.preferences import ContactForm
from patients.forms.questions import (
    Dressing,
    Reading,
    ShownSection,
    open_questions,
    photograph_questions,
    read_section,
    section_of,
    shown_section,
)
from patients.forms.rights import EraseForm, RestrictForm
from patients.forms.rules import CONDITIONS, RuleForm, TriggerForm

__all__ = [
    "CONDITIONS",
    "STATEMENT",
    "AllergyForm",
    "CodeForm",
    "ConditionForm",
    "ContactForm",
    "DecisionForm",
    "DomainForm",
    "Dressing",
    "EndForm",
    "EraseForm",
    "FactForm",
    "LabelsForm",
    "MappingForm",
    "MedicineForm",
    "OptionForms",
    "PatientForm",
    "QuestionForm",
    "Reading",
    "RestrictForm",
    "RuleForm",
    "SectionForm",
    "ShownSection",
    "SignForm",
    "TitleForm",
    "TriggerForm",
    "UploadForm",
    "WithdrawForm",
    "Workshop",
    "open_questions",
    "photograph_questions",
    "read_section",
    "section_of",
    "shown_section",
]
