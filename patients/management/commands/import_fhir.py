"""`manage.py import_fhir PATH… --clinic SLUG`: FHIR R4 bundles from files and folders."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import DomainError
from patients.services import ImportOutcome, import_bundle

_BAR = 30


class Command(BaseCommand):
    """Imports every bundle it is given; a bad one gets a line and the others go on."""

    help = (
        "Import patients from FHIR R4 bundles (files, or folders of *.json). Running it again "
        "changes nothing. Exit code 1 where any bundle failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Paths, and the clinic they go to."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument(
            "--clinic", required=True, metavar="SLUG", help="the clinic's short name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, then print what was counted."""
        clinic = self._clinic(options["clinic"])
        files = list(self._files(options["paths"]))
        if not files:
            raise CommandError("There is no *.json file at these places.")
        outcomes: list[ImportOutcome] = []
        failed = 0
        for number, path in enumerate(files, start=1):
            self._progress(number - 1, len(files), path)
            try:
                outcomes += self._import(clinic, path)
            except (DomainError, OSError, DatabaseError) as error:
                failed += 1
                self._line(self.style.ERROR(f"{path}: {_reason(error)}"))
        self._progress(len(files), len(files), None)
        self._summary(outcomes)
        if failed:
            raise CommandError(f"{failed} of {len(files)} bundles could not be imported.")

    def _import(self, clinic: Clinic, path: Path) -> list[ImportOutcome]:
        actor = Actor.system(clinic.pk, label="import_fhir")
        outcomes = import_bundle(
            actor=actor, clinic=clinic, data=path.read_bytes(), now=timezone.now()
        )
        for outcome in outcomes:
            for problem in outcome.problems:
                self._line(self.style.WARNING(f"{path}: {problem}"))
        return outcomes

    def _clinic(self, slug: str) -> Clinic:
        clinic = Clinic.objects.filter(slug=slug).first()
        if clinic is None:
            known = ", ".join(Clinic.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no clinic “{slug}”. Known: {known}.")
        return clinic

    def _files(self, paths: list[Path]) -> list[Path]:
        files: list[Path] = []
        for path in paths:
            files += sorted(path.rglob("*.json")) if path.is_dir() else [path]
        return files

    def _summary(self, outcomes: list[ImportOutcome]) -> None:
        new = sum(1 for one in outcomes if one.created)
        same = sum(1 for one in outcomes if one.is_unchanged)
        self.stdout.write(
            f"{len(outcomes)} patients: {new} registered, {len(outcomes) - new - same} completed, "
            f"{same} unchanged."
        )
        for name in ("allergies", "medicines", "conditions"):
            counts = [getattr(one, name) for one in outcomes]
            self.stdout.write(
                f"{name}: {sum(one.total for one in counts)} in all, "
                f"{sum(one.added for one in counts)} added, "
                f"{sum(one.changed for one in counts)} changed."
            )

    def _line(self, text: str) -> None:
        # A bar on the same line would cut into the sentence.
        if self.stderr.isatty():
            self.stderr.write("\r\033[K", ending="")
        self.stderr.write(text)

    def _progress(self, done: int, total: int, path: Path | None) -> None:
        if not self.stderr.isatty():
            return
        filled = _BAR * done // total
        bar = "█" * filled + "·" * (_BAR - filled)
        name = path.name if path is not None else ""
        self.stderr.write(f"\r\033[K{bar} {done}/{total} {name}", ending="" if path else "\n")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, DatabaseError):
        return "The database refused it: " + str(error).splitlines()[0]
    return str(error)
