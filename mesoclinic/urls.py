"""Which address belongs to which app. Every view declares its access policy."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from aftercare import urls as aftercare_urls
from aftercare.views.today import Today
from mesoclinic import health, styleguide
from mesoclinic.clinic import urls as clinic_urls
from mesoclinic.clinic.api import SchemaView
from mesoclinic.clinic.views import ApiDocs
from patients import urls as patients_urls
from scheduling import urls as scheduling_urls
from treatments import urls as treatments_urls

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", Today.as_view(), name="today"),
    path("", include("mesoclinic.clinic.urls")),
    path("", include("patients.urls")),
    path("", include("treatments.urls")),
    path("", include("scheduling.urls")),
    path("", include("aftercare.urls")),
    path("api/v1/", include(clinic_urls.api_urlpatterns)),
    path("api/v1/", include(patients_urls.api_urlpatterns)),
    path("api/v1/", include(treatments_urls.api_urlpatterns)),
    path("api/v1/", include(scheduling_urls.api_urlpatterns)),
    path("api/v1/", include(aftercare_urls.api_urlpatterns)),
    path("api/schema/", SchemaView.as_view(), name="api-schema"),
    path("api/docs/", ApiDocs.as_view(), name="api-docs"),
]

if settings.MAIL_INBOX_DIR:
    urlpatterns.append(path("dev/mail/", include("mesoclinic.devmail.urls")))
if settings.DEVELOPMENT_PAGES:
    urlpatterns.append(path("dev/components/", styleguide.styleguide, name="dev-components"))
