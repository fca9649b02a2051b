"""Replaces "django.contrib.admin" in INSTALLED_APPS: the same app with our site."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ClinicAdminConfig(AdminConfig):
    default_site = "mesoclinic.clinic.admin_site.ClinicAdminSite"
