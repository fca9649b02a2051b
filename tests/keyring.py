"""Everybody signed in once, for tests which ask at many doors: a sign-in costs more than a page."""

from __future__ import annotations

from django.conf import settings
from django.test import Client

from mesoclinic.clinic.models import Membership, StaffMember
from tests.factories.clinic import ApiTokenFactory
from tests.personas import Cast, client_for


class Keyring:
    """The session and the API token of each of the cast."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        here = (cast.receptionist, cast.practitioner, cast.manager)
        there = (cast.other_practitioner, cast.other_manager)
        self._sessions = {
            person.pk: client_for(person).cookies[settings.SESSION_COOKIE_NAME].value
            for person in (*here, *there, cast.outsider, cast.superuser)
        }
        self._secrets = {
            member.pk: ApiTokenFactory(membership=member).secret for member in (*here, *there)
        }

    def client(self, person: Membership | StaffMember) -> Client:
        """A new browser in which `person` is signed in; what it does to its cookies stays there."""
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = self._sessions[person.pk]
        return client

    def secret(self, member: Membership) -> str:
        """The API token of `member`."""
        secret: str = self._secrets[member.pk]
        return secret
