"""Addresses of the clinic: settings, tokens, the switch, and its API."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from mesoclinic.clinic import api, views

app_name = "clinic"

urlpatterns = [
    path("clinic/", views.Settings.as_view(), name="settings"),
    path("clinic/switch/", views.Switch.as_view(), name="switch"),
    path("clinic/keep-alive/", views.KeepAlive.as_view(), name="keep-alive"),
    path("clinic/people/new/", views.PersonCreate.as_view(), name="person-create"),
    path("clinic/people/<uuid:pk>/invite/", views.PersonInvite.as_view(), name="person-invite"),
    path("clinic/tokens/new/", views.TokenCreate.as_view(), name="token-create"),
    path("clinic/tokens/<uuid:pk>/revoke/", views.TokenRevoke.as_view(), name="token-revoke"),
]

_router = SimpleRouter()
_router.register("staff", api.StaffViewSet, basename="api-staff")

# Included under /api/v1/ without a namespace.
api_urlpatterns = [
    path("clinic/", api.ClinicDetail.as_view(), name="api-clinic"),
    path("me/", api.Me.as_view(), name="api-me"),
    *_router.urls,
]
