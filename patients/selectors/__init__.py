"""Reads of the patients room, each scoped to a clinic or to one of its patients."""

from __future__ import annotations

from patients.selectors.chart import (
    SafetyRecord,
    ScreeningLine,
    earlier_decisions,
    earlier_screening,
    get_closed_record,
    get_fact,
    get_patient,
    get_screening,
    open_drafts,
    published_questionnaire,
    results_of,
    safety_record,
    screening_history,
)
from patients.selectors.facts import (
    clinic_terms,
    record_facts,
    record_hints,
    record_items,
    tag_labels,
)
from patients.selectors.files import (
    Gallery,
    files_of,
    gallery,
    get_file,
    pair_to_compare,
    photographs_of,
)
from patients.selectors.invitations import (
    Invitation,
    get_invitation,
    invitation,
    invitations_of,
    latest_invitation,
)
from patients.selectors.listing import ListFilter, Listing, all_patients, list_patients
from patients.selectors.merging import (
    Pair,
    get_merge,
    merges_into,
    recent_merges,
    stands_for,
    suspected_pairs,
)
from patients.selectors.questionnaires import (
    get_questionnaire,
    last_cases,
    questionnaires_of,
    tag_words,
)
from patients.selectors.search import Likeness, Page, possible_duplicates, search_patients
from patients.selectors.status import (
    ScreeningStatus,
    Standing,
    screening_status,
    screening_status_for,
    stored_result,
)

__all__ = [
    "Gallery",
    "Invitation",
    "Likeness",
    "ListFilter",
    "Listing",
    "Page",
    "Pair",
    "SafetyRecord",
    "ScreeningLine",
    "ScreeningStatus",
    "Standing",
    "all_patients",
    "clinic_terms",
    "earlier_decisions",
    "earlier_screening",
    "files_of",
    "gallery",
    "get_closed_record",
    "get_fact",
    "get_file",
    "get_invitation",
    "get_merge",
    "get_patient",
    "get_questionnaire",
    "get_screening",
    "invitation",
    "invitations_of",
    "last_cases",
    "latest_invitation",
    "list_patients",
    "merges_into",
    "open_drafts",
    "pair_to_compare",
    "photographs_of",
    "possible_duplicates",
    "published_questionnaire",
    "questionnaires_of",
    "recent_merges",
    "record_facts",
    "record_hints",
    "record_items",
    "results_of",
    "safety_record",
    "screening_history",
    "screening_status",
    "screening_status_for",
    "search_patients",
    "stands_for",
    "stored_result",
    "suspected_pairs",
    "tag_labels",
    "tag_words",
]
