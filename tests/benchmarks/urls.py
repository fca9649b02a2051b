"""The product's addresses and one empty page: what the frame alone costs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from mesoclinic.clinic.access import Policy, access
from mesoclinic.urls import urlpatterns as product


@access(Policy.STAFF)
def empty(request: HttpRequest) -> HttpResponse:
    """The signed-in frame with nothing in it."""
    return render(request, "base.html")


urlpatterns = [*product, path("bench/empty/", empty)]
