"""Calendars that programs subscribe to: secret addresses, made, revoked, and what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.ids import new_token, token_digest
from scheduling.domain.status import Status
from scheduling.exceptions import FeedNotFound
from scheduling.models import Appointment, CalendarFeed
from scheduling.selectors import feeds
from scheduling.services.ics import FeedEntry, feed_of, uid_of

# How often a reading is noted: a program that asks every minute shall not write every minute.
_NOTED_EVERY = timedelta(hours=1)
_UNSURE = frozenset({Status.PENDING.value, Status.ON_HOLD.value})


def create_feed(
    *, actor: Actor, membership: Membership, label: str, now: datetime
) -> tuple[CalendarFeed, str]:
    """A new secret address for a person's calendar; the token is told once and never stored."""
    token = new_token()
    with audited(actor):
        feed = CalendarFeed.objects.create(
            clinic_id=membership.clinic_id, membership=membership, digest=token_digest(token),
            label=label.strip()[:60] or _("Calendar"), created_at=now,
        )  # fmt: skip
    return feed, token


def revoke_feed(
    *, clinic: Clinic, actor: Actor, feed_id: UUID, staff_id: UUID | None, now: datetime
) -> None:
    """End a feed at once; `staff_id` limits it to the person's own. Raises FeedNotFound."""
    rows = CalendarFeed.objects.for_clinic(clinic).filter(pk=feed_id)
    if staff_id is not None:
        rows = rows.filter(membership__staff=staff_id)
    with audited(actor):
        if not rows.exists():
            raise FeedNotFound
        rows.filter(revoked_at__isnull=True).update(revoked_at=now)


def read_feed(*, token: str, now: datetime) -> bytes:
    """The practitioner's calendar: times and rooms, no names, no reasons. Raises FeedNotFound."""
    feed = feeds.find_feed(token_digest(token))
    if feed is None:
        raise FeedNotFound
    recently = Q(last_read_at__isnull=True) | Q(last_read_at__lt=now - _NOTED_EVERY)
    CalendarFeed.objects.filter(recently, pk=feed.pk).update(last_read_at=now)
    base = feed.clinic.base_url
    entries = [
        _entry(
            visit, now, _("Visit"), location=visit.room.name if visit.room else "",
            url=f"{base}{reverse('scheduling:appointment', args=[visit.pk])}",
        )
        for visit in feeds.practitioner_visits(feed, now)
    ]  # fmt: skip
    return feed_of(f"{feed.clinic.name}: {feed.membership.display_name}", entries)


def own_calendar(clinic: Clinic, visits: Iterable[Appointment], now: datetime) -> bytes:
    """A patient's calendar: the clinic, its address and the times, nothing about the treatment."""
    summary = _("Visit: %(clinic)s") % {"clinic": clinic.name}
    call = _("Questions? Call %(phone)s.") % {"phone": clinic.phone} if clinic.phone else ""
    place = ", ".join(clinic.address.split("\n"))
    entries = [_entry(one, now, summary, location=place, description=call) for one in visits]
    return feed_of(clinic.name, entries)


def _entry(visit: Appointment, now: datetime, summary: str, **words: str) -> FeedEntry:
    return FeedEntry(
        uid=uid_of(visit), sequence=visit.schedule_version, start=visit.during.lower,
        end=visit.during.upper, changed=now, summary=summary,
        tentative=visit.status in _UNSURE, **words,
    )  # fmt: skip
