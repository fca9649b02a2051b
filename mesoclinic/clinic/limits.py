"""How often somebody without an account may do something, counted in the cache."""

from __future__ import annotations

import hashlib

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


def too_often(name: str, who: str, most: int, seconds: int) -> bool:
    """Count one more `name` by `who`; True once there are more than `most` in `seconds`.

    Addresses are kept only as digests. Without a cache nobody is turned away.
    """
    key = f"limit:{name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    try:
        cache.add(key, 0, seconds)
        return int(cache.incr(key)) > most
    except ValueError:  # ran out between the two
        return False


def caller(request: HttpRequest) -> str:
    """The address of whoever asks, as the trusted proxies tell it."""
    return str(get_adapter(request).get_client_ip(request))
