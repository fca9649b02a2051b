"""Names and numbers as people write them: plain Python."""

from __future__ import annotations

import phonenumbers


def initials_of(name: str) -> str:
    """First letters of the first and last word, upper case: "Ayla Kara" → "AK"; "" → "?"."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] if len(words) == 1 else words[0][0] + words[-1][0]
    return letters.upper()


def readable_phone(stored: str) -> str:
    """A stored number as people write it (`+33 6 12 34 56 78`); what is none stays as it is."""
    try:
        number = phonenumbers.parse(stored, None)
    except phonenumbers.NumberParseException:
        return stored
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
