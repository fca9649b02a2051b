"""Codes with values, and the words for them.

The rules speak in codes. The words are plain English templates marked for translation; pages
and mails pass their own ``translate`` (``gettext``) and date format to `describe`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

Value = str | int | date


def gettext_noop(message: str) -> str:
    """Mark a text for translation where it is defined, without translating it there."""
    return message


class Code(StrEnum):
    """What can be said about a chosen, moved or blocked session."""

    IDEAL_DAY = "ideal_day"
    EARLIER = "earlier"
    LATER = "later"
    IDEAL_TAKEN = "ideal_taken"
    FIRST_SESSION = "first_session"
    PREFERENCES_MET = "preferences_met"
    WEEKDAY_MISSED = "weekday_missed"
    TIME_MISSED = "time_missed"
    PRACTITIONER_KEPT = "practitioner_kept"
    PRACTITIONER_CHANGED = "practitioner_changed"
    PRACTITIONER_MISSED = "practitioner_missed"
    ROOM_CHANGED = "room_changed"
    ROOM_MISSED = "room_missed"
    HIGH_UV = "high_uv"
    BUSY_DAY = "busy_day"
    WIDEN_WINDOW = "widen_window"
    OTHER_PRACTITIONER = "other_practitioner"
    DROP_WEEKDAYS = "drop_weekdays"
    DROP_TIMES = "drop_times"
    DROP_DATES = "drop_dates"
    PATIENT_OTHER_VISIT = "patient_other_visit"
    BOOK_FURTHER = "book_further"
    ADD_TIME = "add_time"


TEMPLATES: dict[Code, str] = {
    Code.IDEAL_DAY: gettext_noop("On the ideal day."),
    Code.EARLIER: gettext_noop("%(days)s days before the ideal day, inside the window."),
    Code.LATER: gettext_noop("%(days)s days after the ideal day, inside the window."),
    Code.IDEAL_TAKEN: gettext_noop("The ideal day, %(day)s, has no free time."),
    Code.FIRST_SESSION: gettext_noop("Starts the course, %(days)s days after the first day asked."),
    Code.PREFERENCES_MET: gettext_noop("At a preferred time."),
    Code.WEEKDAY_MISSED: gettext_noop("Not on a preferred weekday."),
    Code.TIME_MISSED: gettext_noop("Not at the preferred time of day."),
    Code.PRACTITIONER_KEPT: gettext_noop("Same practitioner as the session before."),
    Code.PRACTITIONER_CHANGED: gettext_noop("Another practitioner than the session before."),
    Code.PRACTITIONER_MISSED: gettext_noop("Not with the preferred practitioner."),
    Code.ROOM_CHANGED: gettext_noop("Another room than the session before."),
    Code.ROOM_MISSED: gettext_noop("Not in the preferred room."),
    Code.HIGH_UV: gettext_noop("In a month of strong sun: sun protection is needed."),
    Code.BUSY_DAY: gettext_noop("On a full day: %(percent)s %% of it is taken."),
    Code.WIDEN_WINDOW: gettext_noop("Allow it %(days)s days later: %(day)s is the next free day."),
    Code.OTHER_PRACTITIONER: gettext_noop("Another practitioner has free time from %(day)s."),
    Code.DROP_WEEKDAYS: gettext_noop("Allow other weekdays: there is free time on %(day)s."),
    Code.DROP_TIMES: gettext_noop("Allow other times of day: there is free time on %(day)s."),
    Code.DROP_DATES: gettext_noop("Allow the days left out: there is free time on %(day)s."),
    Code.PATIENT_OTHER_VISIT: gettext_noop("Move the patient's other visit on %(day)s."),
    Code.BOOK_FURTHER: gettext_noop("Book further ahead than %(day)s."),
    Code.ADD_TIME: gettext_noop("Open more time between %(first)s and %(last)s."),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with its values, by name, and the ids that it speaks of (practitioners, say)."""

    code: Code
    params: tuple[tuple[str, Value], ...] = ()
    ids: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Value]:
        """The values by name."""
        return dict(self.params)

    @property
    def text(self) -> str:
        """The reason in plain English with ISO dates."""
        return describe(self)


def reason(code: Code, *ids: str, **params: Value) -> Reason:
    """A reason from a code, ids and named values."""
    return Reason(code, tuple(sorted(params.items())), ids)


def describe(
    item: Reason,
    translate: Callable[[str], str] = str,
    format_date: Callable[[date], str] = date.isoformat,
) -> str:
    """The words for a reason, in the language of ``translate``."""
    values = {
        name: format_date(value) if isinstance(value, date) else value
        for name, value in item.params
    }
    return translate(TEMPLATES[item.code]) % values
