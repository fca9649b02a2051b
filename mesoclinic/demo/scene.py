"""What every part of a story shares: the clinic, the clock, the dice and the tally."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import to_utc
from mesoclinic.demo.setting import Stage

STEP = dt.timedelta(minutes=15)


@dataclass
class Scene:
    """One clinic at the instant `now`; the same dice tell the same stories."""

    stage: Stage
    now: dt.datetime
    rng: random.Random
    done: Counter[str] = field(default_factory=Counter)

    @property
    def clinic(self) -> Clinic:
        """Where it happens."""
        return self.stage.clinic

    @property
    def desk(self) -> Actor:
        """Who answers the phone."""
        return self.stage.desk

    @cached_property
    def today(self) -> dt.date:
        """The clinic's day."""
        return self.clinic.today(self.now)

    def somebody(self) -> Actor:
        """One of the practitioners."""
        return self.stage.actor(self.rng.choice(self.stage.practitioners).staff_id)

    def at(self, day: dt.date, hour: int) -> dt.datetime:
        """The instant of a local hour."""
        return to_utc(dt.datetime.combine(day, dt.time(hour)), self.clinic.zone)
