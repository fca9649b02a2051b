"""Looking at pages: what they say, and how many queries they ask."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def queries(client: Client, url: str) -> int:
    client.get(url)  # fills the caches of sessions, content types and templates
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)
