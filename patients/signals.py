"""What the patients room announces, always inside the transaction that made it true.

Every signal carries `clinic`, `actor` and `now` beside what is named here.
"""

from __future__ import annotations

from django.dispatch import Signal

# `patient`, `link` (PatientLink), `token` (the secret, to be mailed and forgotten)
screening_invited = Signal()

# `patient`: the questionnaire that was mailed, or is about to be, is not wanted any more
screening_uninvited = Signal()

# `patient`, `link`, `code` (six digits, to be mailed and forgotten)
link_code_requested = Signal()

# `patient`, `screening`, `result` (ScreeningResult)
screening_evaluated = Signal()

# `patient`, `result`, `decision` (ScreeningDecision): a practitioner has signed
screening_decided = Signal()

# `patient`, `result`: the latest judgement has become contraindicated (or a practitioner refused)
patient_contraindicated = Signal()

# `patient`, `result`: it had been contraindicated and is not any more
patient_cleared = Signal()

# `patient`, `entries` (ids: the patient's own and those merged into it): the record is being erased;
# what still runs for the person ends here, before rows go and the record is closed
record_closing = Signal()

# `patient`: e-mail address, language or contact preferences changed
contact_changed = Signal()
