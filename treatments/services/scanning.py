"""A lot by its barcode or typed number, put into the row of its ingredient.

A hand scanner types; a GS1 DataMatrix or GS1-128 holds trade item number (01), expiry (17) and lot
number (10). Anything else is taken as the lot number itself.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.common.errors import Invalid
from treatments.exceptions import LotRefused
from treatments.models import Lot, SessionRecord
from treatments.selectors.drafts import DraftRow, draft_rows
from treatments.selectors.gate import lot_problem
from treatments.services.sessions import Draft, save_draft
from treatments.services.stock import PROBLEMS

# What some scanners send for the separator that ends a field of variable length.
_SEPARATORS = ("\x1d", "{GS}", "<GS>", "|")
_IDENTIFIERS = ("]d2", "]C1", "]Q3", "]e0")


@dataclass(frozen=True)
class Label:
    """What a code says: lot number, last day of use, trade item number; "" and None if it doesn't."""

    lot: str
    expires_on: dt.date | None = None
    gtin: str = ""


def read_label(code: str) -> Label:
    """Read a scanned or typed code. Raises Invalid for an empty one or a GS1 code without a lot."""
    text = code.strip()
    for separator in _SEPARATORS[1:]:
        text = text.replace(separator, _SEPARATORS[0])
    for identifier in _IDENTIFIERS:
        text = text.removeprefix(identifier)
    if not text:
        raise Invalid(_("Scan the vial, or type its lot number."), field="scan")
    label = _gs1(text)
    if label is None:
        return Label(text[:60])
    if not label.lot:
        raise Invalid(_("This code names no lot. Type the lot number instead."), field="scan")
    return label


def _gs1(text: str) -> Label | None:
    """The label of a GS1 message; None where the text is none (a plain lot number)."""
    # Here and not above: it reads long lists of prefixes, which only who scans should wait for.
    from biip import ParseError, parse

    plain = text.replace("(", "").replace(")", "") if text.startswith("(") else text
    try:
        message = parse(plain).gs1_message
    except ParseError:
        return None
    if message is None or not plain.startswith(("01", "02")) or len(plain) < 16:
        return None
    parts = {one.ai.ai: one for one in message.element_strings}
    expiry = parts.get("17")
    return Label(
        lot=parts["10"].value if "10" in parts else "",
        expires_on=None if expiry is None else expiry.date,
        gtin=parts["01"].value if "01" in parts else "",
    )


def find_lot(record: SessionRecord, label: Label, now: dt.datetime) -> Lot:
    """The lot of this clinic with that number and an ingredient of the session's rows.

    Raises LotRefused for an unknown number, another ingredient's lot, an expiry that differs from
    the shelf's, and a lot that is expired, withdrawn, used up, or whose vial has been open too long.
    """
    lots = list(
        Lot.objects.for_clinic(record.clinic_id)
        .filter(number__iexact=label.lot)
        .select_related("product__ingredient")
    )
    if not lots:
        text = _("Lot %(lot)s is not in stock here. Receive it first.")
        raise LotRefused(text % {"lot": label.lot}, field="scan")
    wanted = {row.ref("ingredient") for row in draft_rows(record)}
    mine = [one for one in lots if one.product.ingredient_id in wanted]
    if not mine:
        text = _("Lot %(lot)s holds %(name)s, which is not part of this session.")
        words = {"lot": label.lot, "name": lots[0].product.ingredient.name}
        raise LotRefused(text % words, field="scan")
    lot = mine[0]
    if label.expires_on is not None and label.expires_on != lot.expires_on:
        text = _("Lot %(lot)s is known with another expiry date. Look at the vial again.")
        raise LotRefused(text % {"lot": lot.number}, field="scan")
    problem = lot_problem(lot, record.performed_on, now)
    if problem is not None:
        raise LotRefused(PROBLEMS[problem.value] % {"lot": lot.number}, field="scan")
    return lot


def scan_lot(*, record: SessionRecord, code: str, actor: Actor, now: dt.datetime) -> Lot:
    """Put the scanned lot into the first row of its ingredient that has none, else into its first row.

    Raises what `read_label` and `find_lot` raise; the draft stays as it is then.
    """
    lot = find_lot(record, read_label(code), now)
    rows = list(draft_rows(record))
    mine = [
        place
        for place, row in enumerate(rows)
        if row.ref("ingredient") == lot.product.ingredient_id
    ]
    place = next((one for one in mine if not rows[one].lot), mine[0])
    rows[place] = _with_lot(rows[place], lot)
    save_draft(record=record, draft=Draft(rows=tuple(rows)), actor=actor, now=now)
    return lot


def _with_lot(row: DraftRow, lot: Lot) -> DraftRow:
    return replace(row, lot=str(lot.pk))
