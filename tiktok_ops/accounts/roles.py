"""Roles and what each may do; decisions only, no database."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is in a workspace."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    FINANCE = "finance"
    OWNER = "owner"
    AUDITOR = "auditor"


class Capability(StrEnum):
    """What a person may do; roles grant capabilities, pages and endpoints ask for them."""

    READ = "read"
    READ_AUDIT = "read_audit"
    IMPORT = "import"
    RUN = "run"
    DECIDE = "decide"
    DECIDE_SPEND = "decide_spend"
    FUND = "fund"
    TEACH = "teach"
    MANAGE = "manage"


_GRANTS: dict[Role, frozenset[Capability]] = {
    Role.VIEWER: frozenset({Capability.READ}),
    Role.OPERATOR: frozenset({Capability.READ, Capability.IMPORT, Capability.RUN}),
    Role.APPROVER: frozenset({Capability.READ, Capability.DECIDE, Capability.TEACH}),
    Role.FINANCE: frozenset({Capability.READ, Capability.DECIDE_SPEND, Capability.FUND}),
    Role.OWNER: frozenset(
        {
            Capability.READ,
            Capability.READ_AUDIT,
            Capability.IMPORT,
            Capability.RUN,
            Capability.FUND,
            Capability.TEACH,
            Capability.MANAGE,
        }
    ),
    Role.AUDITOR: frozenset({Capability.READ, Capability.READ_AUDIT}),
}


def roles_with(*capabilities: Capability) -> frozenset[Role]:
    """Return the roles that grant one of the capabilities."""
    return frozenset(role for role, granted in _GRANTS.items() if granted & set(capabilities))
