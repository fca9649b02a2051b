"""Asking at a door: who may come in by the rule, and what an answer means. Used by the access walk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.access import Policy
from mesoclinic.clinic.models import Clinic, Membership, StaffMember
from tests.access_objects import maker_of
from tests.keyring import Keyring
from tests.urlwalk import Address

Person = Membership | StaffMember
# Keyword arguments that name no stored object of a clinic.
FREE = {"token": "x" * 43, "key": "set-password", "uidb36": "x", "format": "json"}


def is_turned_away(response: Any) -> bool:
    to_the_door = response.status_code == 302 and "/accounts/login/" in response["Location"]
    return response.status_code in {401, 403} or to_the_door


def allowed(policy: Policy, person: Person) -> bool:
    """The rule, written a second time on purpose."""
    role = person.role if isinstance(person, Membership) else None
    staff = person.staff if isinstance(person, Membership) else person
    rules = {
        Policy.PUBLIC: True,
        Policy.PATIENT_LINK: True,
        Policy.SIGNED_IN: True,
        Policy.STAFF: role is not None,
        Policy.FRONT_DESK: role is not None,
        Policy.CLINICAL: role == "practitioner",
        Policy.CLINICAL_OR_MANAGER: role in {"practitioner", "manager"},
        Policy.MANAGER: role == "manager",
        Policy.ADMIN: staff.is_staff,
    }
    return rules[policy]


def has_object(address: Address) -> bool:
    return bool(set(address.kwargs) - set(FREE))


def kwargs_in(address: Address, clinic: Clinic) -> dict[str, Any]:
    """The address's arguments, with its object made in `clinic`."""
    kwargs: dict[str, Any] = {name: FREE[name] for name in address.kwargs if name in FREE}
    if has_object(address):
        maker = maker_of(address.name)
        assert maker, f"{address.name} has an object in its URL: add it to tests/access_objects/"
        made = maker(clinic)
        if isinstance(made, Model):
            [name] = set(address.kwargs) - set(FREE)
            made = {name: made.pk}
        kwargs.update(made)
    return kwargs


def url_in(address: Address, clinic: Clinic) -> str:
    return reverse(address.name, kwargs=kwargs_in(address, clinic))


@contextmanager
def undone() -> Iterator[None]:
    """Whatever a request writes is taken back, so that the next finds the same world."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


def ask(client: Client, method: str, url: str, **headers: str) -> HttpResponse:
    extra: Mapping[str, Any] = {} if method == "get" else {"data": {}}
    if url.startswith("/api/") and method != "get":
        extra = {"data": "{}", "content_type": "application/json"}
    with undone():
        response: HttpResponse = getattr(client, method)(url, headers=headers, **extra)
        if response.streaming:  # a file is closed when it has been read
            b"".join(response)
    return response


def stays_out(client: Client, url: str, person: object, methods: Sequence[str]) -> None:
    for method in methods:
        answer = ask(client, method, url)
        assert answer.status_code == 403, f"{person} {method} {url}: {answer.status_code}"


@dataclass(frozen=True)
class Caller:
    """Somebody who calls the API, by session or by token."""

    person: Person
    client: Client
    headers: Mapping[str, str]


def callers(keys: Keyring, people: list[Person]) -> Iterator[Caller]:
    """Members by their token; the first, and who has none, by session."""
    for person in people:
        if person is people[0] or not isinstance(person, Membership):
            yield Caller(person, keys.client(person), {})
        if isinstance(person, Membership):
            yield Caller(person, Client(), {"authorization": f"Bearer {keys.secret(person)}"})
