"""Serves the few front-end files that pages and documents load straight out of ``node_modules``.

Only the files named in :data:`VENDOR_FILES` are found, under ``vendor/``. A whole package folder
would drag thousands of files through ``collectstatic``; source maps and font files are listed
because the hashed-name storage follows every reference inside a style sheet or script.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import AppDirectoriesFinder, BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.core.files.storage import FileSystemStorage


class AppFolders(AppDirectoriesFinder):
    """Static folders of apps, without those of packages that no page of ours loads."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        """What is to be collected."""
        return super().list([*(ignore_patterns or ()), "redoc", "rest_framework"])


_INTER_SUBSETS = (
    "cyrillic",
    "cyrillic-ext",
    "greek",
    "greek-ext",
    "latin",
    "latin-ext",
    "vietnamese",
)

VENDOR_FILES: dict[str, str] = {
    "vendor/bootstrap/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "vendor/bootstrap/bootstrap.min.css.map": "bootstrap/dist/css/bootstrap.min.css.map",
    "vendor/bootstrap-icons/bootstrap-icons.min.css": (
        "bootstrap-icons/font/bootstrap-icons.min.css"
    ),
    "vendor/bootstrap-icons/fonts/bootstrap-icons.woff2": (
        "bootstrap-icons/font/fonts/bootstrap-icons.woff2"
    ),
    "vendor/bootstrap-icons/fonts/bootstrap-icons.woff": (
        "bootstrap-icons/font/fonts/bootstrap-icons.woff"
    ),
    "vendor/inter/index.css": "@fontsource-variable/inter/index.css",
    **{
        f"vendor/inter/files/inter-{subset}-wght-normal.woff2": (
            f"@fontsource-variable/inter/files/inter-{subset}-wght-normal.woff2"
        )
        for subset in _INTER_SUBSETS
    },
    # Whole alphabets in one file, for documents (PDF); pages load the subsets above.
    "vendor/inter/inter-400.ttf": "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf",
    "vendor/inter/inter-600.ttf": "@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf",
    "vendor/event-calendar/event-calendar.min.css": (
        "@event-calendar/build/dist/event-calendar.min.css"
    ),
    "vendor/event-calendar/event-calendar.min.js": (
        "@event-calendar/build/dist/event-calendar.min.js"
    ),
    "vendor/event-calendar/event-calendar.min.js.map": (
        "@event-calendar/build/dist/event-calendar.min.js.map"
    ),
    "vendor/zxing/zxing.min.js": "@zxing/library/umd/index.min.js",
}
"""Public static path → path below ``node_modules``."""


def vendor_file(name: str) -> Path:
    """Where a listed file lies on this machine: as installed, else as collected.

    The server's image keeps only the collected files. Raises KeyError for a name not listed,
    FileNotFoundError with the remedy where neither is there.
    """
    installed = Path(settings.BASE_DIR) / "node_modules" / VENDOR_FILES[name]
    collected = Path(settings.STATIC_ROOT or "staticfiles") / name
    for path in (installed, collected):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{name} is missing; run `npm ci --ignore-scripts` or `manage.py collectstatic`."
    )


class NodeModulesStorage(FileSystemStorage):
    """Reads the named vendor files by their public path; knows no other name."""

    def path(self, name: str) -> str:
        """The file on disk behind a public static path. Raises KeyError for a name not listed."""
        return str(Path(self.location) / VENDOR_FILES[name])


class NodeModulesFinder(BaseFinder):
    """Static files finder for :data:`VENDOR_FILES`."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self.storage = NodeModulesStorage(location=settings.BASE_DIR / "node_modules")

    # Django's own finders answer [] for "not here"; None would count as a match of its own.
    def find(  # type: ignore[override]
        self,
        path: str,
        find_all: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
        **_kwargs: Any,
    ) -> str | builtins.list[str]:
        """Absolute path of a listed file that is installed, else an empty list."""
        if path not in VENDOR_FILES:
            return []
        found = self.storage.path(path)
        if not Path(found).is_file():
            return []
        return [found] if find_all else found

    def list(
        self, ignore_patterns: Iterable[str] | None
    ) -> Iterator[tuple[str, FileSystemStorage]]:
        """Every listed and installed file, for ``collectstatic``."""
        patterns = builtins.list(ignore_patterns or ())
        for name in VENDOR_FILES:
            if self.find(name) and not matches_patterns(name, patterns):
                yield name, self.storage

    def check(self, **_kwargs: Any) -> builtins.list[CheckMessage]:
        """Warn when packages are missing, with the command that installs them."""
        missing = [name for name in VENDOR_FILES if not self.find(name)]
        if not missing:
            return []
        return [
            CheckWarning(
                f"{len(missing)} front-end files are not installed, for example {missing[0]}.",
                hint="Run `npm ci --ignore-scripts` in the project folder.",
                id="mesoclinic.W001",
            )
        ]
