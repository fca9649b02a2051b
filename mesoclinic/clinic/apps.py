from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClinicConfig(AppConfig):
    name = "mesoclinic.clinic"
    verbose_name = _("Clinic")

    def ready(self) -> None:
        import_module("mesoclinic.clinic.receivers")
