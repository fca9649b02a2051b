from __future__ import annotations

import pytest

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.access import Policy, access, can, check_can, declared_policy, role_allows
from mesoclinic.common.errors import Forbidden

ROLES = ("receptionist", "practitioner", "manager")
PASSES = {
    Policy.STAFF: ROLES,
    Policy.FRONT_DESK: ROLES,
    Policy.CLINICAL: ("practitioner",),
    Policy.CLINICAL_OR_MANAGER: ("practitioner", "manager"),
    Policy.MANAGER: ("manager",),
}


@pytest.mark.parametrize("policy", PASSES)
@pytest.mark.parametrize("role", ROLES)
def test_which_role_passes_which_policy(policy: Policy, role: str) -> None:
    assert role_allows(policy, role) == (role in PASSES[policy])


@pytest.mark.parametrize("policy", PASSES)
def test_nobody_passes_without_a_role(policy: Policy) -> None:
    assert not role_allows(policy, None)


def test_every_policy_is_open_or_asks_for_something() -> None:
    asks = set(PASSES) | {Policy.SIGNED_IN, Policy.ADMIN}
    assert {policy for policy in Policy if not policy.is_open} == asks


def test_check_raises_what_can_tells() -> None:
    receptionist = Actor(kind="staff", id="1", label="Noor", role="receptionist")

    assert not can(receptionist, Policy.CLINICAL)
    with pytest.raises(Forbidden):
        check_can(receptionist, Policy.CLINICAL)
    check_can(receptionist, Policy.FRONT_DESK)


def test_a_policy_is_found_on_function_view_class_and_api_class() -> None:
    @access(Policy.STAFF)
    def page() -> None: ...

    @access(Policy.MANAGER)
    class Page: ...

    def of_class() -> None: ...

    def of_api() -> None: ...

    def undeclared() -> None: ...

    of_class.view_class = Page  # type: ignore[attr-defined]
    of_api.cls = Page  # type: ignore[attr-defined]

    assert declared_policy(page) is Policy.STAFF
    assert declared_policy(of_class) is Policy.MANAGER
    assert declared_policy(of_api) is Policy.MANAGER
    assert declared_policy(undeclared) is None
