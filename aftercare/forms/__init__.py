"""Shapes of what people type in the aftercare room."""

from __future__ import annotations

from aftercare.forms.checkin import CheckInForm, EffectRow
from aftercare.forms.ledger import LedgerForm
from aftercare.forms.programme import LookForm, StepForm, TextsForm
from aftercare.forms.tasks import AssignForm, FinishTaskForm, InboxForm
from aftercare.forms.threads import AnswerForm, AskForm, CloseThreadForm, ThreadListForm

__all__ = [
    "AnswerForm",
    "AskForm",
    "AssignForm",
    "CheckInForm",
    "CloseThreadForm",
    "EffectRow",
    "FinishTaskForm",
    "InboxForm",
    "LedgerForm",
    "LookForm",
    "StepForm",
    "TextsForm",
    "ThreadListForm",
]
