"""Django's cache on Redis, without a new client for every single call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache.backends import redis as django_redis


class _Client(django_redis.RedisCacheClient):
    """Keeps one redis-py client for each connection pool.

    A client is a thin, thread-safe face of its pool, but making one fills a table of 170 commands:
    more work than the question it is asked.
    """

    # Django's own, which its stubs leave out.
    _client: Callable[..., Any]
    _get_connection_pool: Callable[[bool], Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: dict[Any, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client of the server that answers for reads or writes."""
        pool = self._get_connection_pool(write)
        if pool not in self._kept:
            self._kept[pool] = self._client(connection_pool=pool)
        return self._kept[pool]


class RedisCache(django_redis.RedisCache):
    """`django.core.cache.backends.redis.RedisCache` with clients that last."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client
