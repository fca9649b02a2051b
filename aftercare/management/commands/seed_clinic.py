"""`manage.py seed_clinic SLUG`: the defaults that a clinic starts with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aftercare.services import seeding as aftercare
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients import services as patients
from scheduling import services as scheduling
from scheduling.services.seed import load_public_holidays
from treatments import services as treatments


class Command(BaseCommand):
    """Questionnaire, terms, catalogue, visit types, holidays, messages and triage rules.

    Safe to repeat: what the clinic has, and what it changed, stays as it is.
    """

    help = "Load the default questionnaire, catalogue, visit types, holidays and messages."

    def add_arguments(self, parser: CommandParser) -> None:
        """The clinic's short name."""
        parser.add_argument("slug", help="the clinic's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Every room seeds its own."""
        clinic = Clinic.objects.filter(slug=options["slug"]).first()
        if clinic is None:
            known = ", ".join(Clinic.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no clinic {options['slug']!r}. Known: {known}.")
        now = timezone.now()
        patients.seed_clinic(clinic, actor=Actor.system(clinic.pk, "seed"), now=now)
        treatments.seed_clinic(clinic)
        scheduling.seed_clinic(clinic)
        load_public_holidays(clinic=clinic, years=[now.year, now.year + 1], now=now)
        aftercare.seed_clinic(clinic)
        self.stdout.write(f"{clinic.name} has the defaults. Review them before use.")
