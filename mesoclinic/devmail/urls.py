"""Addresses of the local mail inbox, included below /dev/mail/."""

from __future__ import annotations

from django.urls import path

from mesoclinic.devmail import views

urlpatterns = [
    path("", views.inbox, name="dev-mail"),
    path("clear/", views.clear, name="dev-mail-clear"),
    path("<str:key>/", views.message, name="dev-mail-message"),
    path("<str:key>/body/", views.body, name="dev-mail-body"),
    path("<str:key>/raw/", views.raw, name="dev-mail-raw"),
    path("<str:key>/attachments/<int:number>/", views.attachment, name="dev-mail-attachment"),
]
