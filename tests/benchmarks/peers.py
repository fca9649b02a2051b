"""What others reach on the same work, and what MesoClinic must reach.

The peers were measured side by side on one machine with 2 cores, PostgreSQL with fsync on and
2 gunicorn workers where they are Django. A ratio within one run counts, an absolute time does not:
each row has its floor (the bare answer on the machine of the run) for that.
"""

from __future__ import annotations

from dataclasses import dataclass

PEERS = ("CARE", "django-appointment", "GNU Health", "Easy!Appointments")


@dataclass(frozen=True)
class Row:
    """A line of the table. `target` is the most milliseconds, or the least per second."""

    label: str
    unit: str
    target: float | None = None
    at_least: bool = False
    peers: tuple[str, str, str, str] = ("", "", "", "")
    peer_floor: str = ""
    floor_is: str = ""

    def is_met(self, value: float) -> bool | None:
        """Whether `value` reaches the target; None where there is none."""
        if self.target is None:
            return None
        return value >= self.target if self.at_least else value <= self.target


_SQL, _PAGE, _SMTP = "bare SQL", "empty signed-in page", "bare SMTP"

ROWS: dict[str, Row] = {
    "empty": Row("Empty signed-in page", "ms", peer_floor="7.2"),
    "slots-8-weeks": Row(
        "Free slots, 8 weeks, one practitioner", "ms", 20,
        peers=("2138", "1899", "25.8", "1388"), peer_floor="2.1", floor_is=_SQL,
    ),
    "slots-1-day": Row(
        "Free slots, 1 day", "ms", 11,
        peers=("54", "46", "11.8", "25.9"), peer_floor="1.1", floor_is=_SQL,
    ),
    "book": Row(
        "Book a visit, one after another", "ms", 20,
        peers=("43.6", "43.3", "35.4", "799"), peer_floor="0.35", floor_is=_SQL,
    ),
    "book-4": Row(
        "Book a visit, 4 clients", "/s", 120, at_least=True,
        peers=("47", "41", "35", "2"), floor_is=_SQL,
    ),
    "different-slots": Row(
        "4 clients on different slots of one practitioner: refused", "refused", 0,
        peers=("42 of 120", "", "", ""),
    ),
    "one-slot": Row(
        "20 clients on one slot, 20 slots: booked twice", "slots", 0,
        peers=("18", "20", "0 or 20", "20"), peer_floor="0",
    ),
    "one-slot-refusals": Row(
        "20 clients on one slot: clear refusals in all (19 each)", "refusals", 380, at_least=True
    ),
    "search": Row(
        "Name search in 100,000", "ms", 9,
        peers=("95", "167", "600", "9.3"), peer_floor="0.45", floor_is=_SQL,
    ),
    "search-typo": Row("Name search with a typo", "ms", floor_is=_SQL),
    "list": Row(
        "Patient list, 20 rows, as a page", "ms", 20,
        peers=("36.6", "90", "380", "6.1"), floor_is=_PAGE,
    ),
    "week": Row(
        "Week of 200 visits with names", "ms", 30,
        peers=("439", "1288", "286", "96"), peer_floor="2.1", floor_is=_SQL,
    ),
    "week-22": Row("Week 22 (280 visits) against week 0 (200)", "times", 1.2),
    "week-page": Row("The calendar page itself", "ms", floor_is=_PAGE),
    "day-300": Row("Day of 300 visits, as the calendar loads it", "ms", floor_is=_SQL),
    "day-poll": Row("What an open calendar asks every 4 s: nothing new", "ms", floor_is=_PAGE),
    "course": Row("Plan a course of 12 sessions, as a page", "ms", floor_is=_PAGE),
    "slots-12-weeks": Row("Free times, 12 weeks, one practitioner", "ms", floor_is=_SQL),
    "slots-any": Row("Free times, a week, any of 20 practitioners", "ms", floor_is=_SQL),
    "course-20k": Row("Plan 12 sessions among 20,000 visits to come", "ms", floor_is=_SQL),
    "move-cascade": Row("Effect of a move on the later sessions", "ms", floor_is=_SQL),
    "absence-60": Row("Replan an absence of 60 visits", "ms", floor_is=_SQL),
    "growth-slots": Row("Growth of free times, 1,000 to 100,000 visits", "exponent"),
    "growth-course": Row("Growth of planning a course, the same", "exponent"),
    "growth-move": Row("Growth of re-placing one displaced visit", "exponent"),
    "today": Row("Today, 40 visits", "ms", floor_is=_PAGE),
    "cocktail": Row("Safety check of a cocktail of 12 ingredients", "ms", floor_is=_SQL),
    "session": Row("A session's page with 400 points", "ms", floor_is=_PAGE),
    "trace": Row("Trace of a lot in 400 of 100,000 sessions", "ms", floor_is=_SQL),
    "chart": Row("A patient's chart", "ms", floor_is=_PAGE),
    "dispatch": Row(
        "Reminders sent, 2 processes", "/s", 950, at_least=True, peer_floor="2164",
        floor_is=_SMTP,
    ),
    "plan-messages": Row("Messages of a 12-session course, planned", "ms"),
    "ledger": Row("Ledger of 1,000,000 messages", "ms", floor_is=_PAGE),
    "ledger-deep": Row("The same, 750,000 rows down", "ms", floor_is=_PAGE),
    "ledger-failed": Row("The same, only what failed", "ms", floor_is=_PAGE),
}  # fmt: skip

MAIL_PEERS = (
    ("django-mailer", "141"),
    ("one Celery task per mail, 2 processes", "320"),
    ("django-post-office, 2 processes", "471"),
    ("Django's SMTP backend, one connection", "749"),
    ("django-celery-email, keeps no record", "920"),
    ("raw smtplib, one connection", "2,164"),
)
"""Reminders a second, each delivered to one SMTP sink, on the peers' machine."""
