"""Check every clinic's chain; name the first entry that was touched."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mesoclinic.audit.models import AuditSeal
from mesoclinic.audit.sealing import Break, seal_batch, verify


class Command(BaseCommand):
    help = (
        "Checks the audit record against its hash chain and names the first entry of each clinic "
        "that was changed, taken out or put in. Ends with code 1 when something is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument(
            "--seal", action="store_true", help="Seal what is still open before checking."
        )

    def handle(self, *args: Any, seal: bool, **options: Any) -> None:
        """Print one line a clinic; raise CommandError when a chain does not hold."""
        while seal and seal_batch():
            pass
        entries: Counter[UUID | None] = Counter()
        heads: dict[UUID | None, str] = {}
        broken: list[Break] = []
        for result in verify():
            if isinstance(result, AuditSeal):
                entries[result.clinic_id] += len(result.entry_ids)
                heads[result.clinic_id] = bytes(result.digest).hex()
            else:
                broken.append(result)
        for clinic_id, count in entries.items():
            self.stdout.write(
                f"{clinic_id or 'house'}: {count} entries hold, newest digest {heads[clinic_id]}"
            )
        if broken:
            raise CommandError("\n".join(map(_describe, broken)))
        if not entries:
            self.stdout.write("Nothing has been sealed yet.")


def _describe(item: Break) -> str:
    entry = "" if item.entry_id is None else f", entry {item.entry_id}"
    return f"{item.clinic_id or 'house'}: seal {item.seal}{entry}: {item.what}"
