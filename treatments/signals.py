"""What the treatments room announces, always inside the transaction that made it true.

Every signal carries `clinic`, `actor` and `now` beside what is named here.
"""

from __future__ import annotations

from django.dispatch import Signal

# `plan` (TreatmentPlan)
plan_activated = Signal()

# `plan`, `reason`
plan_stopped = Signal()

# `patient`, `cocktail`: the consent to this version is to be signed by a mailed link
consent_asked = Signal()

# `session` (PlannedSession), `reason`: it was left out of its plan
session_dropped = Signal()

# `record` (SessionRecord, a draft): the session has begun
session_started = Signal()

# `record` (SessionRecord, signed)
session_signed = Signal()

# `event` (AdverseEvent)
adverse_event_reported = Signal()

# `recall` (LotRecall), `contacts` (list of RecallContact): these patients are to be told. Again for
# whoever joins it later, when a session under way at its beginning is signed.
lot_recalled = Signal()
