"""Template tags of the house: chips, initials, and times on the clinic's clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from django import template
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.names import initials_of, readable_phone

register = template.Library()

# kind → status → (chip state, word, icon). A status looks the same on every page.
_CHIPS: dict[str, dict[str, tuple[str, object, str]]] = {
    "licence": {
        "ok": ("ok", _("Licence valid"), "patch-check"),
        "soon": ("warn", _("Licence ends soon"), "exclamation-triangle"),
        "expired": ("stop", _("Licence expired"), "sign-stop"),
        "none": ("neutral", _("No licence"), "dash-circle"),
    },
    "active": {
        "yes": ("ok", _("Active"), "check-circle"),
        "no": ("neutral", _("Switched off"), "slash-circle"),
    },
}
_UNKNOWN = ("neutral", "", "circle")


def register_chips(kind: str, chips: Mapping[str, tuple[str, object, str]]) -> None:
    """Teach `status_chip` the statuses of another app: status → (state, word, icon).

    Call it in `AppConfig.ready`. `state` is one of ok, warn, stop, info, waiting, neutral.
    """
    _CHIPS[kind] = dict(chips)


@register.inclusion_tag("_components/chip.html")
def status_chip(status: object, kind: str) -> dict[str, object]:
    """The chip of a status, e.g. `{% status_chip appointment.status "appointment" %}`.

    An unknown status shows its own word in neutral, so that nothing is ever blank.
    """
    state, label, icon = _CHIPS.get(kind, {}).get(str(status), _UNKNOWN)
    return {"state": state, "label": label or str(status), "icon": icon}


def status_words(status: object, kind: str) -> str:
    """What the chip of a status says, for lists and sentences that must say the same."""
    return str(status_chip(status, kind)["label"])


@register.simple_tag
def address(name: str, pk: object = None) -> str:
    """`{% url name pk %}` for what every page or every row shows: looked up once, not each time."""
    of = () if pk is None else (_NOBODY,)
    shape = _shape(name, of, get_script_prefix(), get_urlconf())
    return shape if pk is None else shape.replace(_NOBODY, str(pk))


_NOBODY = "00000000-0000-0000-0000-000000000000"


@lru_cache(maxsize=200)
def _shape(name: str, of: tuple[str, ...], prefix: str, urlconf: str | None) -> str:
    """An address with the place of its object marked; `prefix` only tells installations apart."""
    return reverse(name, urlconf=urlconf, args=of)


@register.filter
def initials(name: object) -> str:
    """ "Ayla Kara" → "AK", for avatars."""
    return initials_of(str(name))


@register.filter
def begins(path: str, starts: str | None) -> bool:
    """Whether an address begins with one of `starts` (separated by spaces): where in the house it is."""
    return path.startswith(tuple((starts or "").split()))


@register.filter
def phone(stored: str) -> str:
    """`+33639981234` → `+33 6 39 98 12 34`."""
    return readable_phone(stored)


@register.filter
def who(label: str) -> str:
    """Who did it: the label of a patient's link carries an id, which only the audit wants."""
    return gettext("the patient, by link") if label.startswith("link of patient ") else label


@register.filter
def exact(number: Decimal | None) -> str:
    """All digits that say something, as the reader's language writes them: 1.500 → "1.5"."""
    if number is None:
        return ""
    return formats.number_format(Decimal(f"{number.normalize():f}"))


@register.filter
def local_time(moment: dt.datetime | None, clinic: Clinic) -> str:
    """The time of day on the clinic's clock, as the reader's language writes it; "" for None."""
    return formats.time_format(clinic.local(moment), "TIME_FORMAT") if moment else ""


@register.filter
def local_date(moment: dt.datetime | dt.date | None, clinic: Clinic) -> str:
    """The day at the clinic, as the reader's language writes it; a plain date stays as it is."""
    if moment is None:
        return ""
    day = clinic.local(moment) if isinstance(moment, dt.datetime) else moment
    return formats.date_format(day, "DATE_FORMAT")


@register.filter
def local_datetime(moment: dt.datetime | None, clinic: Clinic) -> str:
    """Day and time on the clinic's clock."""
    return f"{local_date(moment, clinic)}, {local_time(moment, clinic)}" if moment else ""


@register.simple_tag(takes_context=True)
def may(context: template.Context, policy: str) -> bool:
    """`{% may "clinical" as clinical %}`: does the person's role pass the policy of that name?"""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    return actor is not None and actor.is_person and can(actor, Policy(policy))
