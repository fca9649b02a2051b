"""Which slots of 26 weeks are taken: 200 in week 0, 70 % of every later one, 7,200 in all.

Plain numbers, so that every product can be measured on the same layout: five practitioners,
Monday to Friday, 9 to 17, slots of 30 minutes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

PRACTITIONERS = 5
WEEKS = 26
DAYS = 5
SLOTS_A_DAY = 16
SLOTS_A_WEEK = DAYS * SLOTS_A_DAY
FIRST_HOUR = 9
SLOT_MINUTES = 30
FIRST_WEEK = 40
LATER_WEEKS = 56
VISITS = PRACTITIONERS * (FIRST_WEEK + (WEEKS - 1) * LATER_WEEKS)

MEASURED_WEEKS = range(2, 10)
MEASURED_SLOTS = len(MEASURED_WEEKS) * SLOTS_A_WEEK
MEASURED_FREE = len(MEASURED_WEEKS) * (SLOTS_A_WEEK - LATER_WEEKS)

Slot = tuple[int, int, int, int]
"""Week, practitioner, day of the week, number of the slot in the day."""


def taken(rng: random.Random) -> Iterator[Slot]:
    """Every visit: for each practitioner and week the same number, at slots drawn by lot."""
    for week in range(WEEKS):
        for practitioner in range(PRACTITIONERS):
            wanted = FIRST_WEEK if week == 0 else LATER_WEEKS
            for place in sorted(rng.sample(range(SLOTS_A_WEEK), wanted)):
                yield week, practitioner, place // SLOTS_A_DAY, place % SLOTS_A_DAY
