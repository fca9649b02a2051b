"""The access policies in DRF's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from mesoclinic.clinic.access import Policy, role_allows

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PolicyPermission(BasePermission):
    """Enforces `@access(…)` of a view class, or of an action method where that declares its own."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """False (401 or 403) unless the caller passes; undeclared is refused."""
        policy = view_policy(view)
        if policy is None:
            return False
        if policy.is_open:
            return True
        if not request.user or not request.user.is_authenticated:
            return False
        if policy is Policy.ADMIN:
            return bool(request.user.is_staff)
        return role_allows(policy, _role(request))


def view_policy(view: APIView | type[APIView], action: str | None = None) -> Policy | None:
    """The policy for the action at hand: the method's own, else the class's."""
    name: Any = action or getattr(view, "action", None)
    own = getattr(getattr(view, name, None), "access_policy", None) if name else None
    policy = own or getattr(view, "access_policy", None)
    return policy if isinstance(policy, Policy) else None


def _role(request: Request) -> str | None:
    membership = getattr(request, "membership", None)
    return membership.role if membership is not None else None
