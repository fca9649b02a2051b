"""What the words of a message may not say where strangers can read it. Pure.

Subject, first line in the inbox, short text, addresses of links and names of files are seen on
lock screens, in logs and by mail servers: nothing about health may stand there,
no diagnosis and no ingredient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from patients.domain.terms import normalise

VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_LITERAL_LINK = re.compile(r"https?://\S+")
_SHORTEST = 4

# Words of the field that tell strangers what somebody is treated for, in folded form; the
# clinic's own indications, ingredients and techniques come on top.
HEALTH_WORDS = frozenset(
    {
        "acne", "allergie", "allergy", "alopecia", "alopecie", "anticoagulant", "botox", "cancer",
        "cellulite", "cicatrice", "collagen", "collagene", "cuir chevelu", "diabete", "diabetes",
        "diagnose", "diagnosis", "diagnostic", "enceinte", "fibromyalgia", "fibromyalgie",
        "grossesse", "hair loss", "chute de cheveux", "herpes", "hyaluronic", "hyaluronique",
        "infection", "injection", "lipolys", "medicament", "medicine", "melasma", "mesotherap",
        "minoxidil", "obesit", "pigment", "pregnan", "rides", "scar", "scars", "stretch mark",
        "vergeture", "vitiligo", "weight loss", "wrinkle",
    }
)  # fmt: skip


def variables_in(text: str) -> frozenset[str]:
    """The names a text uses."""
    return frozenset(VARIABLE.findall(text))


def health_words(text: str, more: Iterable[str] = ()) -> tuple[str, ...]:
    """The words of a text that speak of health; `more` are names of the clinic's catalogue.

    A word counts from its beginning: `pregnan` finds pregnant and pregnancy, `scar` not `escarpin`.
    Said as whole words, in folded form, so that who wrote them finds them again.
    """
    plain = normalise(VARIABLE.sub(" ", text))
    known = HEALTH_WORDS | {normalise(name) for name in more if len(name) >= _SHORTEST}
    said = (re.search(rf"(?<!\w){re.escape(word)}\w*", plain) for word in known)
    return tuple(sorted({match.group() for match in said if match}))


def links_in(body: str) -> tuple[str, ...]:
    """Addresses that are written out in a text."""
    return tuple(_LITERAL_LINK.findall(body))


def loose_links(body: str) -> tuple[str, ...]:
    """Addresses written into a text that carry a variable: a name or a word could end up in a log."""
    return tuple(link for link in links_in(body) if "{{" in link)
