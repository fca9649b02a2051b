#!/usr/bin/env python
"""Django's command-line entry point, on the embedded services where no others are named."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from mesoclinic import embedded
from mesoclinic.embedded import services
from mesoclinic.embedded.errors import EmbeddedError
from mesoclinic.environment import load_env_file

_NEEDS_NOTHING = {"help", "--help", "--version", "version", "makemessages", "compilemessages"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings")
    load_env_file()
    try:
        with _services():
            from django.conf import settings

            settings.DATABASES  # noqa: B018 - a bad variable stops here, with help
            execute_from_command_line(sys.argv)
    except (EmbeddedError, ImproperlyConfigured) as error:
        sys.exit(f"manage.py: {error}")


def _services() -> AbstractContextManager[None]:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in _NEEDS_NOTHING or not (embedded.is_wanted() and embedded.is_installed()):
        return nullcontext()
    return services.for_command(f"manage.py {command}")


if __name__ == "__main__":
    main()
