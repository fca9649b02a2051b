"""Addresses of the room's pages, and what looking at them leaves behind."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from mesoclinic.audit.models import AuditEntry
from patients.models import LinkCode, PatientLink, Screening


def url(name: str, *args: object) -> str:
    return reverse(f"patients:{name}", args=args)


def reads() -> int:
    return AuditEntry.objects.filter(action="read").count()


def state() -> tuple[Any, ...]:
    """Everything a link could change."""
    return (
        list(PatientLink.objects.order_by("pk").values()),
        list(Screening.objects.order_by("pk").values()),
        list(LinkCode.objects.order_by("pk").values()),
        AuditEntry.objects.count(),
    )
