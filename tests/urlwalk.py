"""Every address of the house, with its policy: what the access walk goes through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from mesoclinic.clinic.access import Policy, declared_policy
from mesoclinic.clinic.permissions import view_policy
from mesoclinic.clinic.third_party import NAMESPACES, URL_NAMES

UNSAFE = ("post", "put", "patch", "delete")


@dataclass(frozen=True)
class Address:
    """One URL pattern: its name for `reverse`, its view, and the keyword arguments it takes."""

    name: str
    route: str
    view: Callable[..., Any]
    kwargs: tuple[str, ...]
    namespace: str

    def __str__(self) -> str:
        return self.name or self.route

    @property
    def api_class(self) -> type[APIView] | None:
        """The DRF class, or None for a page."""
        cls = getattr(self.view, "cls", None)
        return cls if isinstance(cls, type) and issubclass(cls, APIView) else None

    @property
    def is_ours(self) -> bool:
        """False for what a package brings along."""
        return declared_policy(self.view) is not None

    @property
    def is_closed(self) -> bool:
        """A package's URL that answers 404 here."""
        return not self.is_ours and URL_NAMES.get(self.name, self) is None

    def policy(self, method: str = "get") -> Policy | None:
        """The policy for `method`, None if nobody declared one."""
        if self.api_class is not None:
            actions: dict[str, str] = getattr(self.view, "actions", None) or {}
            return view_policy(self.api_class, actions.get(method))
        declared = declared_policy(self.view)
        if declared is not None:
            return declared
        for namespace in self.namespace.split(":"):
            if namespace in NAMESPACES:
                return NAMESPACES[namespace]
        return URL_NAMES.get(self.name)

    def methods(self) -> list[str]:
        """Methods the view takes, as far as it says so (functions: get and post)."""
        if self.api_class is not None:
            actions = getattr(self.view, "actions", None)
            holder: Any = self.api_class
            names = actions or [m for m in ("get", *UNSAFE) if hasattr(holder, m)]
            return [method for method in ("get", *UNSAFE) if method in names]
        view_class = getattr(self.view, "view_class", None)
        if view_class is None:
            return ["get", "post"]
        return [method for method in ("get", *UNSAFE) if hasattr(view_class, method)]


def addresses() -> list[Address]:
    """Every pattern of the URLconf, once."""
    seen: dict[tuple[str, str], Address] = {}
    for address in _walk(get_resolver().url_patterns, "", ""):
        seen.setdefault((address.name, address.route), address)
    return list(seen.values())


def _walk(patterns: list[Any], namespace: str, route: str) -> Iterator[Address]:
    for entry in patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, inner, here)
        elif isinstance(entry, URLPattern):
            name = f"{namespace}{entry.name}" if entry.name else ""
            yield Address(name, here, entry.callback, _kwargs(here), namespace.rstrip(":"))


def _kwargs(route: str) -> tuple[str, ...]:
    found = re.findall(r"<(?:[a-z_]+:)?([a-z_][a-z0-9_]*)>", route)
    return tuple(dict.fromkeys(found))
