"""The registry: which maker makes the object behind which URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from django.db.models import Model

from mesoclinic.clinic.models import Clinic

Maker = Callable[[Clinic], Model | Mapping[str, Any]]
_MAKERS: dict[str, Maker] = {}


def makes(*names: str) -> Callable[[Maker], Maker]:
    """Decorator: this maker makes the object behind the URLs called `names`."""

    def register(maker: Maker) -> Maker:
        for name in names:
            assert name not in _MAKERS, f"{name} has two makers"
            _MAKERS[name] = maker
        return maker

    return register


def maker_of(name: str) -> Maker | None:
    """The maker for a URL name: the exact one, else the first whose pattern fits."""
    if name in _MAKERS:
        return _MAKERS[name]
    return next((maker for pattern, maker in _MAKERS.items() if fnmatchcase(name, pattern)), None)


def registered_names() -> set[str]:
    """All names with a maker (the walk refuses lines that fit no URL)."""
    return set(_MAKERS)
