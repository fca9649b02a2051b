"""Errors a person at the terminal can act on."""

from __future__ import annotations


class EmbeddedError(RuntimeError):
    """The embedded services cannot do what was asked; the text says why and what to do."""
