"""Write a clinic's protocols and cocktail recipes as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mesoclinic.clinic.models import Clinic
from treatments.selectors.sharing import export_catalogue


class Command(BaseCommand):
    """``manage.py export_catalogue SLUG > catalogue.json``"""

    help = "Write the clinic's protocols and cocktail recipes to the standard output, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The clinic."""
        parser.add_argument("slug", help="the clinic's short name")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write."""
        clinic = Clinic.objects.filter(slug=options["slug"]).first()
        if clinic is None:
            raise CommandError(f"There is no clinic {options['slug']!r}.")
        document = export_catalogue(clinic, timezone.now())
        self.stdout.write(json.dumps(document, indent=1, ensure_ascii=False))
