"""What happens by itself: holds run out, and next year's public holidays are put down."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from mesoclinic.clinic.models import Clinic
from scheduling.services import (
    invite_unscreened,
    lapse_holds,
    load_public_holidays,
    release_lapsed,
    run_waiting_list,
)


@shared_task(name="scheduling.tasks.let_holds_lapse")
def let_holds_lapse() -> int:
    """Free the time of holds that have run out. Booking does it too for the time it wants."""
    now = timezone.now()
    return sum(
        lapse_holds(clinic=one, now=now) + release_lapsed(clinic=one, now=now)
        for one in Clinic.objects.filter(is_active=True)
    )


@shared_task(name="scheduling.tasks.extend_public_holidays")
def extend_public_holidays() -> int:
    """Put the public holidays of this year and the next two down as closures."""
    now = timezone.now()
    years = range(now.year, now.year + 3)
    return sum(
        load_public_holidays(clinic=one, years=years, now=now)
        for one in Clinic.objects.filter(is_active=True)
    )


@shared_task(name="scheduling.tasks.offer_freed_times")
def offer_freed_times() -> int:
    """End offers that nobody answered, and offer open times to the next on the waiting list."""
    now = timezone.now()
    return sum(
        run_waiting_list(clinic=one, now=now) for one in Clinic.objects.filter(is_active=True)
    )


@shared_task(name="scheduling.tasks.ask_for_screenings")
def ask_for_screenings() -> int:
    """Mail the questionnaire to those who come within a week without a valid screening."""
    now = timezone.now()
    return sum(
        invite_unscreened(clinic=one, now=now) for one in Clinic.objects.filter(is_active=True)
    )
