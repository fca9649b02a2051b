"""The request as views see it."""

from __future__ import annotations

from django.http import HttpRequest

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership, StaffMember


class ClinicRequest(HttpRequest):
    """Any request after the middleware: who, where, as what. Parts may be missing."""

    membership: Membership | None
    clinic: Clinic | None
    actor: Actor


class StaffRequest(HttpRequest):
    """A request of somebody with a role in a clinic (policies STAFF and narrower)."""

    user: StaffMember
    membership: Membership
    clinic: Clinic
    actor: Actor
