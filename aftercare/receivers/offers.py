"""Times offered from the waiting list: one mail with a link, at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from aftercare.models import ProgrammeStep
from aftercare.services import planning
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from scheduling.models import WaitlistOffer
from scheduling.signals import waitlist_offered


@receiver(waitlist_offered)
def send_offer(clinic: Clinic, offer: WaitlistOffer, now: dt.datetime, **_kwargs: Any) -> None:
    """The time is kept until the patient answers, or the offer runs out."""
    subject = Subject(
        kind="offer", id=offer.pk, patient_id=offer.patient_id, anchor=now,
        context={
            "offer": {
                "start": offer.hold.during.lower.isoformat(),
                "until": offer.expires_at.isoformat(),
            }
        },
    )  # fmt: skip
    planning.plan(clinic, ProgrammeStep.Anchor.OFFERED, [subject], now=now)
