"""Photographs that patients send by a link, kept like all others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import islice

from django.utils.translation import gettext as _

from patients.models import PatientLink
from patients.services import FileLabels, Kept, Upload, add_files, link_actor

MOST = 4


def keep_photos(*, link: PatientLink, uploads: Iterable[Upload], now: dt.datetime) -> list[Kept]:
    """At most four of them; what is no picture is refused, one by one."""
    return add_files(
        actor=link_actor(link),
        patient=link.patient,
        uploads=islice(uploads, MOST),
        labels=FileLabels(title=_("Sent by the patient")),
        now=now,
    )
