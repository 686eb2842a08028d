"""What an API key may do: its scopes."""

from collections.abc import Iterable
from enum import StrEnum

from tiktok_ops.accounts.roles import Capability
from tiktok_ops.errors import Refused


class Scope(StrEnum):
    """What a key is allowed; names are data, kept in every key, and never renamed."""

    READ = "read"
    RUNS_START = "runs:start"
    APPROVALS_DECIDE = "approvals:decide"
    ALERTS_ACKNOWLEDGE = "alerts:acknowledge"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What a person's roles must grant for the same, one of these at least."""
        return _CAPABILITIES[self]


_CAPABILITIES = {
    Scope.READ: frozenset({Capability.READ}),
    Scope.RUNS_START: frozenset({Capability.RUN}),
    Scope.APPROVALS_DECIDE: frozenset({Capability.DECIDE, Capability.DECIDE_SPEND}),
    Scope.ALERTS_ACKNOWLEDGE: frozenset({Capability.RUN}),
}


class ScopeRefused(Refused):
    """There is no such scope."""


def parse_scopes(given: Iterable[str]) -> list[Scope]:
    """Return the scopes named, sorted and each once.

    Raises `ScopeRefused` for a name that is no scope, and for none at all.
    """
    names = sorted(set(given))
    if not names:
        raise ScopeRefused(f"The scopes are empty: name at least one of {_all_scopes()}.")
    for name in names:
        if name not in set(Scope):
            raise ScopeRefused(f"The scope {name!r} does not exist: the scopes are {_all_scopes()}.")
    return [Scope(name) for name in names]


def _all_scopes() -> str:
    return ", ".join(repr(scope.value) for scope in Scope)
