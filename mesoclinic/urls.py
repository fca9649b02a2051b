"""Which address belongs to which app. Every view declares its access policy."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from mesoclinic import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
