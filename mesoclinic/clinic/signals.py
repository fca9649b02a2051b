"""What the house announces about a clinic, always inside the transaction that made it true."""

from __future__ import annotations

from django.dispatch import Signal

# `clinic`, `actor`, `now`: every room gives the clinic what it lacks of the room's defaults, and
# leaves alone what is there. Lower rooms go first: they listen in the order of INSTALLED_APPS.
defaults_wanted = Signal()
