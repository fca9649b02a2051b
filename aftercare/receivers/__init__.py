"""What happens elsewhere and means a message or a task here; runs in the announcer's transaction.

One module for each thing that is listened to; a new one is named here, and connects on import.
"""

from __future__ import annotations

from aftercare.receivers import consents, contact, offers, providers, screening, sessions, visits

__all__ = ["consents", "contact", "offers", "providers", "screening", "sessions", "visits"]
