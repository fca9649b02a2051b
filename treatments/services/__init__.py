"""Use cases of the treatments room: keyword-only, one transaction, the actor and `now` passed in."""

from __future__ import annotations

from treatments.selectors.checks import Line
from treatments.selectors.drafts import DraftRow
from treatments.selectors.windows import PlanWindow, plan_windows
from treatments.services.adapting import add_session, drop_session, rewindow_session
from treatments.services.cocktails import Version, new_cocktail_version
from treatments.services.consents import (
    Signature,
    ask_for_consent,
    consent_text,
    paper_language,
    sign_consent,
    text_digest,
    withdraw_consent,
)
from treatments.services.documents import consent_document
from treatments.services.events import (
    EventReport,
    FollowUp,
    close_events_of,
    follow_adverse_event,
    reopen_adverse_event,
    report_adverse_event,
    resolve_adverse_event,
)
from treatments.services.outcomes import Judgement, review_outcome
from treatments.services.pictures import attach_pictures
from treatments.services.plans import (
    PlanDraft,
    activate_plan,
    create_plan,
    stop_plan,
    stop_plans_of,
)
from treatments.services.readiness import assess_readiness, override_readiness, readiness_for
from treatments.services.reading import Missing
from treatments.services.recalls import begin_recall, note_reached
from treatments.services.scanning import scan_lot
from treatments.services.seeding import seed_clinic
from treatments.services.sessions import (
    Draft,
    add_addendum,
    as_typed,
    record_doses,
    same_as_last_time,
    save_draft,
    start_session,
)
from treatments.services.sharing import import_catalogue
from treatments.services.signing import missing_to_sign, sign_session
from treatments.services.stock import Delivery, adjust_lot, open_vial, receive_lot, withdraw_lot
from treatments.services.terms import Terms, set_terms

__all__ = [
    "Delivery",
    "Draft",
    "DraftRow",
    "EventReport",
    "FollowUp",
    "Judgement",
    "Line",
    "Missing",
    "PlanDraft",
    "PlanWindow",
    "Signature",
    "Terms",
    "Version",
    "activate_plan",
    "add_addendum",
    "add_session",
    "adjust_lot",
    "as_typed",
    "ask_for_consent",
    "assess_readiness",
    "attach_pictures",
    "begin_recall",
    "close_events_of",
    "consent_document",
    "consent_text",
    "create_plan",
    "drop_session",
    "follow_adverse_event",
    "import_catalogue",
    "missing_to_sign",
    "new_cocktail_version",
    "note_reached",
    "open_vial",
    "override_readiness",
    "paper_language",
    "plan_windows",
    "readiness_for",
    "receive_lot",
    "record_doses",
    "reopen_adverse_event",
    "report_adverse_event",
    "resolve_adverse_event",
    "review_outcome",
    "rewindow_session",
    "same_as_last_time",
    "save_draft",
    "scan_lot",
    "seed_clinic",
    "set_terms",
    "sign_consent",
    "sign_session",
    "start_session",
    "stop_plan",
    "stop_plans_of",
    "text_digest",
    "withdraw_consent",
    "withdraw_lot",
]
