"""The product's addresses together with those that only a development machine has."""

from __future__ import annotations

from django.urls import include, path

from mesoclinic import styleguide
from mesoclinic.urls import urlpatterns as product

urlpatterns = [
    *product,
    path("dev/mail/", include("mesoclinic.devmail.urls")),
    path("dev/components/", styleguide.styleguide, name="dev-components"),
]
