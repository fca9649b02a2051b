"""Addresses of the room's pages, and what looking at them leaves behind."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from mesoclinic.audit.models import AuditEntry
from patients import services
from patients.models import LinkCode, PatientLink, Questionnaire, Screening
from tests.factories.patients import good_answers


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


def answer_all(client: Client, where: str, questionnaire: Questionnaire, **changed: object) -> Any:
    """Go through all sections of the questionnaire at `where`; returns the answer to signing."""
    answers = good_answers(questionnaire, **changed)
    sections = services.questionnaire_spec(questionnaire).sections
    for step, section in enumerate(sections, start=1):
        data: dict[str, Any] = {"asked": [one.key for one in section.questions], "go": "next"}
        for question in section.questions:
            value = answers.get(question.key)
            if isinstance(value, list):
                value = [one["name"] if isinstance(one, dict) else one for one in value]
            if value is not None:
                data[question.key] = value
        assert client.get(f"{where}?step={step}").status_code == 200
        answer = client.post(f"{where}?step={step}", data)
        assert answer.status_code == 302, answer.content.decode()
    last = f"{where}?step={len(sections) + 1}"
    assert client.get(last).status_code == 200
    return client.post(last, {"signed_name": "Inês Carvalho"})
