"""Every report a report node can ask for. To add one: its module here, a line below."""

from collections.abc import Callable
from types import MappingProxyType

from workflows.models import WorkflowRun
from workflows.reports import acts, profile_audit, sync_account

REPORTS: MappingProxyType[str, Callable[[WorkflowRun], str]] = MappingProxyType(
    {"profile_audit": profile_audit.render, "sync_account": sync_account.render, "acts": acts.render}
)
