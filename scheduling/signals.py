"""What the scheduling room announces, always inside the transaction that made it true.

Every signal carries `clinic`, `actor` and `now` beside what is named here.
"""

from __future__ import annotations

from django.dispatch import Signal

# `appointments` (list, in order of time; a whole course is announced once)
appointments_booked = Signal()

# `appointments` (list; each has a new `schedule_version`), `moves` (AppointmentMove of each: from
# where), `undone` (a move that is taken back)
appointments_moved = Signal()

# `appointments` (list), `reason`
appointments_cancelled = Signal()

# `appointment`, `from_status`, `to_status`: any other change of status (confirmed, arrived, on hold…)
appointment_status_changed = Signal()

# `offer` (WaitlistOffer with `entry`, `hold` and `patient`): a time is held for somebody who waits
waitlist_offered = Signal()
