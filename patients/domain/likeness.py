"""How the same person comes to stand in the books with another date of birth."""

from __future__ import annotations

import datetime as dt


def slips(day: dt.date) -> frozenset[dt.date]:
    """The dates that a slip of the pen makes of `day`: one digit wrong, or day and month swapped.

    At most 73, `day` itself not among them.
    """
    written = day.isoformat().replace("-", "")
    year, month, rest = written[:4], written[4:6], written[6:]
    wrong = {
        written[:place] + digit + written[place + 1 :]
        for place in range(len(written))
        for digit in "0123456789"
    }
    dates = {_date(text) for text in {*wrong, year + rest + month}}
    return frozenset(one for one in dates if one is not None and one != day)


def _date(text: str) -> dt.date | None:
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
