"""Objects behind the URLs of people, records, questionnaires, imports."""

from __future__ import annotations

from django.db.models import Model
from django.utils import timezone

from mesoclinic.clinic.models import Clinic
from patients.models import ImportRow, ImportRun, Patient
from tests.access_objects.registry import makes
from tests.factories.clinic import (
    PractitionerFactory,
)
from tests.factories.files import photograph
from tests.factories.patients import (
    AllergyFactory,
    ConditionFactory,
    LinkFactory,
    MedicineFactory,
    PatientFactory,
    PreferenceFactory,
    TermFactory,
    confirmed,
    decided,
    draft_for,
    merged,
    screened,
    seeded,
)


@makes(
    "patients:chart",
    "patients:timeline",
    "patients:edit",
    "patients:contact",
    "patients:rights",
    "patients:hand-out",
    "patients:restrict",
    "patients:lift",
    "patients:erase",
    "patients:files",
    "patients:files-compare",
    "patients:screening-start",
    "patients:screening-invite",
    "patients:screening-confirm",
    "api-patient-detail",
    "api-patient-rights-*",
    "api-fhir-detail",
    "admin:patients.patient",
)
def _patient(clinic: Clinic) -> Model:
    return PatientFactory(clinic=clinic)


@makes("patients:file", "patients:file-*", "api-file-*", "admin:patients.patientfile")
def _file(clinic: Clinic) -> Model:
    return photograph(PatientFactory(clinic=clinic))


@makes("patients:closed-export", "api-closed-record-export")
def _closed(clinic: Clinic) -> Model:
    made: Patient = PatientFactory(
        clinic=clinic, erased_at=timezone.now(), kept_until=timezone.now().date()
    )
    return made


def import_run(clinic: Clinic) -> ImportRun:
    """An import whose columns are not matched yet."""
    return ImportRun.objects.create(
        clinic=clinic, kind="table", state="mapping", file_name="old.csv", columns=["name"]
    )


@makes(
    "patients:import-run", "patients:import-lines", "api-import-*", "admin:patients.importrun"
)  # fmt: skip
def _import(clinic: Clinic) -> Model:
    return import_run(clinic)


@makes("patients:import-step")
def _import_step(clinic: Clinic) -> dict[str, object]:
    return {"pk": import_run(clinic).pk, "step": "advance"}


@makes("admin:patients.importrow")
def _import_row(clinic: Clinic) -> Model:
    return ImportRow.objects.create(
        clinic=clinic, run=import_run(clinic), number=2, patient=PatientFactory(clinic=clinic)
    )


@makes("patients:merge")
def _two_patients(clinic: Clinic) -> dict[str, object]:
    return {"pk": PatientFactory(clinic=clinic).pk, "other": PatientFactory(clinic=clinic).pk}


@makes("patients:merge-undo", "api-merge-*")
def _merge(clinic: Clinic) -> Model:
    return merged(PatientFactory(clinic=clinic), PatientFactory(clinic=clinic))


@makes("patients:fact-add")
def _fact_place(clinic: Clinic) -> dict[str, object]:
    return {"pk": PatientFactory(clinic=clinic).pk, "kind": "allergy"}


@makes("patients:fact-edit", "patients:fact-end")
def _fact(clinic: Clinic) -> dict[str, object]:
    allergy = AllergyFactory(patient=PatientFactory(clinic=clinic))
    return {"pk": allergy.patient_id, "kind": "allergy", "fact": allergy.pk}


@makes("api-allergy-*", "admin:patients.allergy")
def _allergy(clinic: Clinic) -> Model:
    return AllergyFactory(patient=PatientFactory(clinic=clinic))


@makes("api-medicine-*", "admin:patients.medicine")
def _medicine(clinic: Clinic) -> Model:
    return MedicineFactory(patient=PatientFactory(clinic=clinic))


@makes("api-condition-*", "admin:patients.condition")
def _condition(clinic: Clinic) -> Model:
    return ConditionFactory(patient=PatientFactory(clinic=clinic))


@makes(
    "patients:screening-fill",
    "patients:screening-changes",
    "patients:screening-discard",
    "api-screening-answers",
)
def _draft(clinic: Clinic) -> Model:
    return draft_for(PatientFactory(clinic=clinic))


@makes(
    "patients:screening-detail",
    "patients:screening-done",
    "patients:screening-decide",
    "api-screening-*",
    "admin:patients.screening",
)
def _screening(clinic: Clinic) -> Model:
    return screened(PatientFactory(clinic=clinic)).screening


@makes("admin:patients.screeningresult")
def _result(clinic: Clinic) -> Model:
    return screened(PatientFactory(clinic=clinic))


@makes("admin:patients.screeningdecision")
def _decision(clinic: Clinic) -> Model:
    return decided(screened(PatientFactory(clinic=clinic)), PractitionerFactory(clinic=clinic))


@makes("admin:patients.screeningconfirmation")
def _confirmation(clinic: Clinic) -> Model:
    return confirmed(screened(PatientFactory(clinic=clinic)))


@makes("patients:section-edit", "patients:question-add")
def _section(clinic: Clinic) -> dict[str, object]:
    return {"pk": seeded(clinic).pk, "section": "skin"}


@makes("patients:question-edit")
def _question(clinic: Clinic) -> dict[str, object]:
    return {"pk": seeded(clinic).pk, "question": "stroke"}


@makes("patients:rule-edit")
def _rule(clinic: Clinic) -> dict[str, object]:
    return {"pk": seeded(clinic).pk, "rule": "stroke"}


@makes(
    "patients:questionnaire",
    "patients:questionnaire-*",
    "patients:section-add",
    "patients:rule-add",
    "api-questionnaire-*",
    "admin:patients.questionnaire",
)
def _questionnaire(clinic: Clinic) -> Model:
    return seeded(clinic)


@makes("admin:patients.clinicalterm")
def _term(clinic: Clinic) -> Model:
    return TermFactory(clinic=clinic)


@makes("patients:screening-withdraw", "api-invitation-*", "admin:patients.patientlink")
def _link(clinic: Clinic) -> Model:
    return LinkFactory(patient=PatientFactory(clinic=clinic))


@makes("admin:patients.contactpreference")
def _preference(clinic: Clinic) -> Model:
    return PreferenceFactory(patient=PatientFactory(clinic=clinic))
