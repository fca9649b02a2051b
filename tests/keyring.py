"""Everybody signed in once, for tests which ask at many doors: a sign-in costs more than a page."""

from __future__ import annotations

from django.conf import settings
from django.test import Client
from django.utils import timezone

from mesoclinic.clinic import sessions
from mesoclinic.clinic.models import Membership, StaffMember
from tests.factories.clinic import ApiTokenFactory
from tests.personas import Cast, client_for


def _signed_in(person: Membership | StaffMember) -> str:
    """The key of a session that was seen in an hour: no request stores that it was seen now."""
    session = client_for(person).session
    now = timezone.now().timestamp()
    session[sessions.STARTED], session[sessions.SEEN] = now, now + 3600
    session.save()
    return str(session.session_key)


class Keyring:
    """The session and the API token of each of the cast."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        here = (cast.receptionist, cast.practitioner, cast.manager)
        there = (cast.other_practitioner, cast.other_manager)
        self._sessions = {
            person.pk: _signed_in(person)
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
