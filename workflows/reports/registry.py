"""Every report a report node can ask for. To add one: its module here, a line below."""

from collections.abc import Callable
from types import MappingProxyType

from workflows.models import WorkflowRun
from workflows.reports import acts, profile_audit, sync_account

REPORTS: MappingProxyType[str, Callable[[WorkflowRun], str]] = MappingProxyType(
    {"profile_audit": profile_audit.render, "sync_account": sync_account.render, "acts": acts.render}
)
OF_DECISIONS = frozenset({"acts"})
"""Those that say what people decided and what became of it: they come after every decision and act of their run."""
