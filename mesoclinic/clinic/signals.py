"""What the clinic room announces, always inside the transaction that made it true.

Every signal carries `clinic` and `now`.
"""

from __future__ import annotations

from django.dispatch import Signal

# A clinic was opened in the administration: each room may give it what it starts with.
clinic_opened = Signal()
