"""The door, tried at every address by everybody.

Undeclared addresses fail. For each address and method: who must not come in is turned away, who may
comes in without a crash (also with an empty form), and another clinic's object is not there (404).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, resolve, reverse

from mesoclinic.clinic.access import Policy
from mesoclinic.clinic.models import Membership
from mesoclinic.clinic.permissions import PolicyPermission
from tests.access_objects import maker_of, registered_names
from tests.doors import (
    Person,
    allowed,
    ask,
    callers,
    has_object,
    is_turned_away,
    stays_out,
    url_in,
)
from tests.keyring import Keyring
from tests.personas import Cast, everybody
from tests.urlwalk import Address, addresses

pytestmark = pytest.mark.django_db

ALL = addresses()
# Addresses of packages, closed or about the signed-in person alone: their own tests cover them.
MAY_SAY_503 = {"readyz"}  # no worker runs beside the tests
PERSONAL = {"mfa_remove_webauthn", "mfa_edit_webauthn"}


def is_walked(address: Address) -> bool:
    return bool(address.name) and not address.is_closed and address.name not in PERSONAL


PAGES = [a for a in ALL if is_walked(a) and a.api_class is None and a.namespace != "admin"]
API = [a for a in ALL if is_walked(a) and a.api_class is not None and "format" not in a.kwargs]
ADMIN = [a for a in ALL if a.namespace == "admin" and a.name]


@pytest.fixture(scope="module")
def keys(django_db_setup: None, django_db_blocker: Any) -> Iterator[Keyring]:
    """The cast of all walks of this module; each walk is a savepoint within this transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Keyring(everybody())
        transaction.set_rollback(True)


@pytest.fixture
def cast(keys: Keyring, db: None) -> Cast:
    return keys.cast


def insiders(cast: Cast) -> list[Membership]:
    return [cast.receptionist, cast.practitioner, cast.manager]


# --- the whole URLconf ----------------------------------------------------------------------------


def test_every_address_declares_its_policy() -> None:
    undeclared = [
        f"{address} {method}"
        for address in ALL
        if not address.is_closed
        for method in address.methods()
        if address.policy(method) is None
    ]

    assert undeclared == [], "declare @access(Policy.…) on the view"


def test_every_api_view_enforces_it() -> None:
    loose = [
        str(address)
        for address in ALL
        if address.api_class and PolicyPermission not in address.api_class.permission_classes
    ]

    assert loose == []


def test_every_address_has_a_name() -> None:
    nameless = [a.route for a in ALL if not a.name and a.namespace != "admin" and a.is_ours]

    assert nameless == [], "an address without a name is not walked"


def test_no_line_in_the_registry_is_dead() -> None:
    names = {a.name for a in ALL} | {
        f"admin:{model._meta.label_lower}" for model in admin.site._registry
    }
    dead = {name for name in registered_names() if "*" not in name} - names

    assert dead == set()


def test_the_walk_is_not_empty() -> None:
    assert {"clinic:settings", "clinic:switch"} <= {a.name for a in PAGES}
    assert "api-me" in {a.name for a in API}
    assert "admin:clinic_clinic_changelist" in {a.name for a in ADMIN}


@pytest.mark.parametrize("address", [a for a in ALL if a.is_closed and not a.kwargs], ids=str)
def test_closed_addresses_are_not_there(address: Address, keys: Keyring) -> None:
    url = reverse(address.name)

    assert Client().get(url).status_code == 404
    assert keys.client(keys.cast.superuser).get(url).status_code == 404


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PAGES, ids=str)
def test_page(address: Address, keys: Keyring, cast: Cast) -> None:
    policy = address.policy()
    assert policy is not None
    url = url_in(address, cast.clinic)
    _page_anonymous(address, policy, url)
    _page_does_not_take_tokens(policy, url, keys.secret(cast.manager))
    people: list[Person] = [*insiders(cast), cast.outsider, cast.superuser]
    # One policy holds for all methods of a page: after the first who comes in, and the first who
    # is turned away, the others only look.
    methods = address.methods() if address.is_ours else ["get"]
    refused: Sequence[str] = ("get", "post")
    for person in people:
        client = keys.client(person)
        if allowed(policy, person):
            _comes_in(address, client, url, person, methods)
            methods = methods[:1]
        else:
            stays_out(client, url, person, refused)
            refused = refused[:1]
    if has_object(address) and not policy.is_open:
        _other_clinic_finds_nothing(address, policy, url, keys)


def _page_anonymous(address: Address, policy: Policy, url: str) -> None:
    if policy.is_open:
        for method in address.methods() if address.is_ours else ["get"]:
            answer = ask(Client(), method, url)
            assert answer.status_code < 500 or address.name in MAY_SAY_503, url
            assert answer.status_code not in {401, 403}, url
        return
    for method in ("get", "post"):
        answer = ask(Client(), method, url)
        assert answer.status_code == 302, url
        assert "/accounts/login/" in answer["Location"], url


def _page_does_not_take_tokens(policy: Policy, url: str, secret: str) -> None:
    if not policy.is_open:
        answer = ask(Client(), "get", url, authorization=f"Bearer {secret}")
        assert is_turned_away(answer), url


def _comes_in(
    address: Address, client: Client, url: str, person: object, methods: Sequence[str]
) -> None:
    for method in methods:
        answer = ask(client, method, url)
        told = f"{person} {method} {url}: {answer.status_code}"
        assert answer.status_code < 500 or address.name in MAY_SAY_503, told
        assert not is_turned_away(answer), told
        if has_object(address):
            assert answer.status_code != 404, told


def _other_clinic_finds_nothing(address: Address, policy: Policy, url: str, keys: Keyring) -> None:
    cast = keys.cast
    for person in (cast.other_practitioner, cast.other_manager):
        for method in address.methods():
            answer = ask(keys.client(person), method, url)
            expected = {404, 405} if allowed(policy, person) else {403}
            told = f"{person} of the other clinic, {method} {url}: {answer.status_code}"
            assert answer.status_code in expected, told


# --- API ------------------------------------------------------------------------------------------


def test_what_is_no_id_is_simply_not_there(keys: Keyring, cast: Cast) -> None:
    client = keys.client(cast.practitioner)
    for address in (one for one in API if one.kwargs):
        try:
            url = reverse(address.name, kwargs=dict.fromkeys(address.kwargs, "1"))
        except NoReverseMatch:
            continue
        for method in address.methods():
            assert ask(client, method, url).status_code < 500, f"{method} {url}"


@pytest.mark.parametrize("address", API, ids=str)
def test_api(address: Address, keys: Keyring, cast: Cast) -> None:
    url = url_in(address, cast.clinic)
    people: list[Person] = [*insiders(cast), cast.outsider, cast.superuser]
    for method in address.methods():
        policy = address.policy(method)
        assert policy is not None
        if not policy.is_open:
            assert ask(Client(), method, url).status_code == 401, url
            wrong = ask(Client(), method, url, authorization="Bearer wrong")
            assert wrong.status_code == 401, url
        for caller in callers(keys, people):
            answer = ask(caller.client, method, url, **caller.headers)
            told = f"{caller.person} {method} {url}: {answer.status_code}"
            if allowed(policy, caller.person):
                assert answer.status_code < 500, told
                assert answer.status_code not in {401, 403}, told
                assert not (has_object(address) and answer.status_code == 404), told
            else:
                assert answer.status_code == 403, told
        if has_object(address) and not policy.is_open:
            _other_clinic_finds_nothing_by_api(method, policy, url, keys)


def _other_clinic_finds_nothing_by_api(
    method: str, policy: Policy, url: str, keys: Keyring
) -> None:
    cast = keys.cast
    for caller in callers(keys, [cast.other_practitioner, cast.other_manager]):
        answer = ask(caller.client, method, url, **caller.headers)
        expected = 404 if allowed(policy, caller.person) else 403
        assert answer.status_code == expected, (
            f"{caller.person} of the other clinic, {method} {url}"
        )


# --- administration -------------------------------------------------------------------------------


def admin_model(address: Address) -> type[Model] | None:
    """The model of an admin address, by its name `app_model_action`."""
    for model in admin.site._registry:
        prefix = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
        if address.name.startswith(prefix) and address.name.removeprefix(prefix) in {
            "changelist",
            "add",
            "change",
            "delete",
            "history",
        }:
            return model
    return None


OTHER_ADMIN = [a for a in ADMIN if not admin_model(a) and not a.kwargs]
# Tables of packages, which only superusers see.
PACKAGES = {"account.emailaddress", "mfa.authenticator"}


@pytest.mark.parametrize("address", OTHER_ADMIN, ids=str)
def test_admin_site(address: Address, keys: Keyring, cast: Cast) -> None:
    url = reverse(address.name)
    assert is_turned_away(Client().get(url))
    for person in (cast.receptionist, cast.practitioner, cast.outsider):
        assert keys.client(person).get(url).status_code == 403
    for person in (cast.manager, cast.superuser):
        assert keys.client(person).get(url).status_code < 500


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label_lower)
def test_admin_model(model: type[Model], keys: Keyring, cast: Cast) -> None:
    label = model._meta.label_lower
    pages = [a for a in ADMIN if admin_model(a) is model]
    maker = maker_of(f"admin:{label}")
    assert maker is not None or label in PACKAGES, f'add "admin:{label}" to tests/access_objects/'
    made = maker(cast.clinic) if maker else None
    for address in pages:
        if not address.kwargs:
            _admin_page(address, reverse(address.name), keys)
        elif made is not None:
            assert isinstance(made, Model)
            url = reverse(address.name, args=[made.pk])
            _admin_page(address, url, keys)
            if label != "clinic.staffmember":
                _other_manager_sees_nothing(url, keys)


def _admin_page(address: Address, url: str, keys: Keyring) -> None:
    cast = keys.cast
    for method in ("get", "post"):
        assert is_turned_away(ask(Client(), method, url)), url
    refused: Sequence[str] = ("get", "post")
    for person in (cast.practitioner, cast.receptionist, cast.outsider):
        stays_out(keys.client(person), url, person, refused)
        refused = refused[:1]
    # What a history or a deletion shows depends on the record, not on who looks.
    plain = address.name.endswith(("_history", "_delete"))
    for person in (cast.manager,) if plain else (cast.manager, cast.superuser):
        answer = ask(keys.client(person), "get", url)
        assert answer.status_code < 500, f"{person} {url}"


def _other_manager_sees_nothing(url: str, keys: Keyring) -> None:
    """Django's admin answers "it does not exist" with a redirect to its index."""
    answer = ask(keys.client(keys.cast.other_manager), "get", url)
    assert answer.status_code in {302, 403, 404}, url
    if answer.status_code == 302:
        assert answer["Location"] == reverse("admin:index"), url


# --- the walk itself must be able to fail ---------------------------------------------------------


def test_planted_bug_a_door_left_open_is_noticed(
    keys: Keyring, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesoclinic.clinic.middleware.passes", lambda request, policy: True)
    [settings] = [a for a in PAGES if a.name == "clinic:settings"]

    with pytest.raises((AssertionError, AttributeError)):
        test_page(settings, keys, cast)


def test_planted_bug_an_unscoped_lookup_is_noticed(
    keys: Keyring, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mesoclinic.clinic.querysets import ClinicQuerySet

    monkeypatch.setattr(ClinicQuerySet, "for_clinic", lambda rows, clinic: rows.all())
    [revoke] = [a for a in PAGES if a.name == "clinic:token-revoke"]

    with pytest.raises(AssertionError, match="other clinic"):
        test_page(revoke, keys, cast)


def test_planted_bug_a_view_without_a_policy_is_refused(
    keys: Keyring, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = resolve(reverse("clinic:settings")).func.view_class  # type: ignore[attr-defined]
    monkeypatch.delattr(view, "access_policy")

    assert keys.client(cast.manager).get(reverse("clinic:settings")).status_code == 403
