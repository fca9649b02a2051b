"""`manage.py sweep_files [--look]`: files without a row are removed, rows without a file named."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from patients.services import sweep_files


class Command(BaseCommand):
    """Compares MEDIA_ROOT with the database; the worker does the same every six hours."""

    help = (
        "Remove files in MEDIA_ROOT that no record names and that are a day old. Exit code 1 where "
        "a record names a file that is not there (restore it from the backup)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to remove, or only to look."""
        parser.add_argument("--look", action="store_true", help="only say what would be removed")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep, then say what was found."""
        found = sweep_files(now=timezone.now(), only_look=options["look"])
        self.stdout.write(f"{found.removed} files without a record.")
        if found.missing:
            raise CommandError("\n".join(["These files are missing:", *found.missing]))
