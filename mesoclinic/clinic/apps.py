from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClinicConfig(AppConfig):
    name = "mesoclinic.clinic"
    verbose_name = _("Clinic")
