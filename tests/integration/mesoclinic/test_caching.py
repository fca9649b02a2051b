"""The cache keeps its client, and answers as Django's does."""

from __future__ import annotations

import threading
from typing import Any

from django.core.cache import cache, caches


def test_one_client_serves_every_call() -> None:
    backend: Any = caches["default"]
    client = backend._cache
    assert client.get_client() is client.get_client("key", write=True)


def test_it_keeps_and_forgets() -> None:
    cache.set("caching-test", {"a": [1]}, timeout=30)
    assert cache.get("caching-test") == {"a": [1]}
    assert cache.add("caching-test", 2, timeout=30) is False
    cache.delete("caching-test")
    assert cache.get("caching-test") is None


def test_threads_can_share_it() -> None:
    found: list[object] = []
    cache.set("caching-threads", 7, timeout=30)

    def read() -> None:
        found.extend(cache.get("caching-threads") for _ in range(50))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [7] * 400
