"""The words of unwanted effects and their grades (S1 to S4, G; grades after CTCAE)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# From the mildest to the gravest.
EFFECTS = {
    "redness": _("Redness, small marks"),
    "swelling": _("Swelling"),
    "bruising": _("Bruise or haematoma"),
    "pain": _("Pain, sensitivity"),
    "itching": _("Itching"),
    "nausea": _("Nausea"),
    "allergic_redness": _("Allergic redness"),
    "infection": _("Signs of infection: heat, pus, fever"),
    "nodules": _("Nodules, spots that don't heal"),
    "discolouration": _("Discolouration"),
    "scarring": _("Scarring"),
    "necrosis": _("Skin death"),
    "severe_allergy": _("Breathing difficulty, swollen face, fainting"),
    "other": _("Something else"),
}
SEVERITIES = {
    1: _("1: mild, no treatment needed"),
    2: _("2: moderate"),
    3: _("3: severe"),
    4: _("4: life-threatening"),
    5: _("5: death"),
}


def effect_label(key: str) -> str:
    """The words of an effect; an unknown one speaks for itself."""
    return str(EFFECTS.get(key, key))
