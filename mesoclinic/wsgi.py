"""The web application for gunicorn."""

from __future__ import annotations

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings")
application = get_wsgi_application()
# Every view and form now, once for all workers, instead of with the first request of each.
import_module(settings.ROOT_URLCONF)
