"""Use cases of the patients room. Keyword-only; one transaction each; actor and `now` passed in."""

from __future__ import annotations

from patients.services.contact import normalise_phone, readable_phone, sort_name
from patients.services.importing import ImportOutcome, import_bundle, import_record
from patients.services.judging import questionnaire_spec, reevaluate
from patients.services.links import (
    bind_screening,
    check_code,
    create_link,
    invite_to_screening,
    link_actor,
    mark_opened,
    mark_used,
    request_code,
    resolve_link,
    revoke_links,
)
from patients.services.questionnaires import check_spec, publish_questionnaire
from patients.services.record import (
    AllergyData,
    ConditionData,
    FactData,
    MedicineData,
    add_fact,
    change_fact,
    end_fact,
    tags_of,
)
from patients.services.registration import PatientData, register_patient, update_patient
from patients.services.screening import (
    DecisionData,
    accepted,
    allowed_decisions,
    can_fill,
    check_can_fill,
    confirm_unchanged,
    decide_screening,
    discard_draft,
    missing_answers,
    save_answers,
    start_screening,
    submit_screening,
)
from patients.services.seeding import seed_clinic
from patients.services.tables import patients_csv

__all__ = [
    "AllergyData",
    "ConditionData",
    "DecisionData",
    "FactData",
    "ImportOutcome",
    "MedicineData",
    "PatientData",
    "accepted",
    "add_fact",
    "allowed_decisions",
    "bind_screening",
    "can_fill",
    "change_fact",
    "check_can_fill",
    "check_code",
    "check_spec",
    "confirm_unchanged",
    "create_link",
    "decide_screening",
    "discard_draft",
    "end_fact",
    "import_bundle",
    "import_record",
    "invite_to_screening",
    "link_actor",
    "mark_opened",
    "mark_used",
    "missing_answers",
    "normalise_phone",
    "patients_csv",
    "publish_questionnaire",
    "questionnaire_spec",
    "readable_phone",
    "reevaluate",
    "register_patient",
    "request_code",
    "resolve_link",
    "revoke_links",
    "save_answers",
    "seed_clinic",
    "sort_name",
    "start_screening",
    "submit_screening",
    "tags_of",
    "update_patient",
]
