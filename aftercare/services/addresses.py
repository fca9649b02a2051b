"""Mail addresses as SMTP can say them."""

from __future__ import annotations

from functools import lru_cache

from django.utils.encoding import punycode

# These end an address in the SMTP conversation.
_BREAKS = frozenset(" <>")


@lru_cache(maxsize=4096)
@lru_cache(maxsize=4096)
def mailbox(address: str) -> str:
    """An address with its domain in ASCII form (`münchen.de` → `xn--mnchen-3ya.de`).

    Raises ValueError for what no mail server could take.
    """
    local, _at, domain = address.rpartition("@")
    found = f"{local}@{punycode(domain)}"
    if not found.isascii() or not found.isprintable() or not _BREAKS.isdisjoint(found):
        raise ValueError(address)
    return found
