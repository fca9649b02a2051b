"""Who may open what. Every view declares one policy; what declares none is refused."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Role
from mesoclinic.common.errors import Forbidden

_ALL = frozenset({Role.RECEPTIONIST.value, Role.PRACTITIONER.value, Role.MANAGER.value})
_View = TypeVar("_View", bound=Callable[..., Any])


class Policy(Enum):
    """Who may call a view.

    PUBLIC anybody; SIGNED_IN any account, with or without a clinic; STAFF and FRONT_DESK any role
    (FRONT_DESK says: identity and scheduling, no clinical content); CLINICAL practitioners;
    CLINICAL_OR_MANAGER; MANAGER; ADMIN accounts that may open the administration;
    PATIENT_LINK whoever holds the link, which the view itself checks.
    """

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    STAFF = "staff"
    FRONT_DESK = "front_desk"
    CLINICAL = "clinical"
    CLINICAL_OR_MANAGER = "clinical_or_manager"
    MANAGER = "manager"
    ADMIN = "admin"
    PATIENT_LINK = "patient_link"

    @property
    def is_open(self) -> bool:
        """Needs no sign-in."""
        return self in {Policy.PUBLIC, Policy.PATIENT_LINK}

    @property
    def roles(self) -> frozenset[str] | None:
        """The clinic roles that pass; None where the policy does not ask for a role."""
        return _ROLES.get(self)


_ROLES: dict[Policy, frozenset[str]] = {
    Policy.STAFF: _ALL,
    Policy.FRONT_DESK: _ALL,
    Policy.CLINICAL: frozenset({Role.PRACTITIONER.value}),
    Policy.CLINICAL_OR_MANAGER: frozenset({Role.PRACTITIONER.value, Role.MANAGER.value}),
    Policy.MANAGER: frozenset({Role.MANAGER.value}),
}


def access(policy: Policy) -> Callable[[_View], _View]:
    """Decorator: declare the policy of a function view, view class or viewset."""

    def declare(view: _View) -> _View:
        view.access_policy = policy  # type: ignore[attr-defined]
        return view

    return declare


def declared_policy(view: Callable[..., Any]) -> Policy | None:
    """The policy a resolved view declares: on the function, its view class or its DRF class."""
    for holder in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        policy = getattr(holder, "access_policy", None)
        if isinstance(policy, Policy):
            return policy
    return None


def role_allows(policy: Policy, role: str | None) -> bool:
    """True where somebody with `role` in the clinic at hand (None: no role) passes `policy`."""
    allowed = policy.roles
    return allowed is None or role in allowed


def check_can(actor: Actor, policy: Policy) -> None:
    """Raise Forbidden unless the actor's role passes `policy` (for rules inside a page)."""
    if not role_allows(policy, actor.role):
        raise Forbidden


def can(actor: Actor, policy: Policy) -> bool:
    """`check_can` for templates and conditions."""
    return role_allows(policy, actor.role)
