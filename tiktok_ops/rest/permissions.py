"""The lock of every endpoint: somebody known, with the scope the method asks for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import caller_of

if TYPE_CHECKING:  # DRF's views import this module while they are themselves being imported
    from rest_framework.views import APIView

READ_ONLY: Mapping[str, Scope] = MappingProxyType({"GET": Scope.READ, "HEAD": Scope.READ})


class HasCaller(BasePermission):
    """Lets in whoever is known."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return True; raises `NotAuthenticated` when nobody is."""
        caller_of(request)
        return True


class HasScope(BasePermission):
    """Lets in a caller with the scope that the view's `scopes` names for the method.

    A method the view names no scope for does not exist: forgetting `scopes` closes a view.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return True; raises `NotAuthenticated`, `MethodNotAllowed` or `PermissionDenied`."""
        caller = caller_of(request)
        scopes: Mapping[str, Scope] = getattr(view, "scopes", {})
        scope = scopes.get(str(request.method))
        # One view may answer at more than one address, and write at some of them only.
        if scope is None or str(request.method) not in view.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        if not caller.holds(scope):
            raise PermissionDenied(
                f"This API key lacks the scope {scope.value!r}: issue a key that has it, and use that one."
            )
        return True
