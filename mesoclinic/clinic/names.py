"""Small arithmetic of names: plain Python."""

from __future__ import annotations


def initials_of(name: str) -> str:
    """First letters of the first and last word, upper case: "Ayla Kara" → "AK"; "" → "?"."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] if len(words) == 1 else words[0][0] + words[-1][0]
    return letters.upper()
