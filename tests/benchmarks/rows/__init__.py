"""The rows in the order of the table: name on the command line → what measures it."""

from __future__ import annotations

from tests.benchmarks.harness import RowMaker
from tests.benchmarks.rows import booking, pages, patients, planning, post, slots, treatments

# Reads first: bookings change what later rows would find.
ROWS: dict[str, RowMaker] = {
    "empty": patients.empty_page,
    "slots-8-weeks": slots.eight_weeks,
    "slots-1-day": slots.one_day,
    "search": patients.search,
    "list": patients.patient_list,
    "chart": patients.chart,
    "week": pages.week,
    "day": pages.day,
    "course": pages.course,
    "today": pages.today,
    "planning": planning.all_of_it,
    "cocktail": treatments.cocktail,
    "session": treatments.session_page,
    "trace": treatments.trace,
    "book": booking.alone,
    "book-4": booking.four_clients,
    "different-slots": booking.different_slots,
    "one-slot": booking.one_slot,
    "dispatch": post.dispatch,
    "plan-messages": post.plan_course,
    "ledger": post.ledger,
}
