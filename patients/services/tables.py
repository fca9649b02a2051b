"""Patients as a table for a spreadsheet: who they are and how to reach them, nothing clinical."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from django.utils.translation import gettext as _

from patients.models import Patient
from patients.services.contact import readable_phone

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def patients_csv(patients: Iterable[Patient]) -> str:
    """CSV with a byte order mark, so that spreadsheets read accents; dates are ISO."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(
        [_("Number"), _("Name"), _("Born"), _("Sex"), _("Phone"), _("E-mail"), _("Language"), _("Died")]
    )  # fmt: skip
    for one in patients:
        writer.writerow(
            [
                safe_cell(one.record_number),
                safe_cell(one.name),
                one.birth_date.isoformat() if one.birth_date else "",
                one.get_sex_display(),
                # A no-break space keeps a spreadsheet from adding the number up.
                f"\u00a0{readable_phone(one.phone)}" if one.phone else "",
                safe_cell(one.email),
                one.language,
                one.deceased_on.isoformat() if one.deceased_on else "",
            ]
        )
    return out.getvalue()


def safe_cell(text: str) -> str:
    """What a spreadsheet would run as a formula becomes text, by an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text
