"""Take protocols and cocktail recipes in from a JSON file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from treatments.exceptions import SharedFileRefused
from treatments.services.sharing import import_catalogue


class Command(BaseCommand):
    """``manage.py import_catalogue SLUG catalogue.json --dry-run``"""

    help = "Take protocols and cocktail recipes in from a file; all of it, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The clinic, the file, and whether to look only."""
        parser.add_argument("slug", help="the clinic's short name")
        parser.add_argument("file", type=Path, help="a file of export_catalogue")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read, and say what became of each entry."""
        clinic = Clinic.objects.filter(slug=options["slug"]).first()
        if clinic is None:
            raise CommandError(f"There is no clinic {options['slug']!r}.")
        try:
            outcomes = import_catalogue(
                clinic=clinic, content=options["file"].read_bytes(), now=timezone.now(),
                actor=Actor.system(clinic.pk, "import_catalogue"), dry_run=options["dry_run"],
            )  # fmt: skip
        except OSError as error:
            raise CommandError(str(error)) from error
        except SharedFileRefused as error:
            raise CommandError("\n".join(error.problems)) from error
        for one in outcomes:
            left = f" (unknown here: {', '.join(one.notes)})" if one.notes else ""
            self.stdout.write(f"{one.state:8} {one.kind} {one.name}{left}")
