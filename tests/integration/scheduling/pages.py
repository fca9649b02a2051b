"""What the tests of this room's pages share besides fixtures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

Signed = Callable[[Any], Client]
WEDNESDAY = dt.date(2026, 1, 14)


def page(client: Client, name: str, *args: Any, status: int = 200, **query: Any) -> str:
    """The text of a page."""
    answer = client.get(reverse(f"scheduling:{name}", args=args), query)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()
