"""What a mail provider reports, as django-anymail announces it after it has checked who speaks."""

from __future__ import annotations

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.dispatch import receiver
from django.utils import timezone

from aftercare.services import feedback
from aftercare.services.feedback import News, Report

_NEWS = {
    EventType.DELIVERED: News.DELIVERED,
    EventType.BOUNCED: News.BOUNCED,
    EventType.REJECTED: News.BOUNCED,
    EventType.FAILED: News.BOUNCED,
    EventType.COMPLAINED: News.COMPLAINED,
    EventType.UNSUBSCRIBED: News.COMPLAINED,
    EventType.DEFERRED: News.SOFT,
}


@receiver(tracking)
def take_in_report(event: AnymailTrackingEvent, **_kwargs: Any) -> None:
    """Anything else (queued, opened, clicked) says nothing that we want to know."""
    news = _NEWS.get(event.event_type)
    if news is None:
        return
    feedback.take_in(
        report=Report(
            news=news,
            message_id=str(event.message_id or ""),
            provider_id=str(event.message_id or ""),
            detail=str(event.description or event.reject_reason or "")[:250],
        ),
        now=timezone.now(),
    )
