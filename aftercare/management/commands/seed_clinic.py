"""`manage.py seed_clinic SLUG`: the defaults that a clinic starts with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.services import load_defaults


class Command(BaseCommand):
    """Questionnaire, terms, catalogue, visit types, holidays, messages and triage rules.

    A clinic made in the administration has them already; this adds what a release brought.

    Safe to repeat: what the clinic has, and what it changed, stays as it is.
    """

    help = "Load the default questionnaire, catalogue, visit types, holidays and messages."

    def add_arguments(self, parser: CommandParser) -> None:
        """The clinic's short name."""
        parser.add_argument("slug", help="the clinic's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Every room gives its own."""
        clinic = Clinic.objects.filter(slug=options["slug"]).first()
        if clinic is None:
            known = ", ".join(Clinic.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no clinic {options['slug']!r}. Known: {known}.")
        actor = Actor.system(clinic.pk, "seed")
        load_defaults(actor=actor, clinic=clinic, now=timezone.now())
        self.stdout.write(f"{clinic.name} has the defaults. Review them before use.")
