"""Every address of the API that writes: who may, what to send, and what it leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client

from approvals.models import Decision
from tests.factories.alerts import alert_on
from tests.factories.approvals import asked_run, request_of
from tests.unit.approvals.api import deciding
from tests.unit.tiktok_ops.rest.callers import make_key
from tests.unit.workflows.api import starting
from tiktok_ops.accounts.keys import IssuedKey
from tiktok_ops.accounts.models import TikTokAccount, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.alerts.models import Alert
from tiktok_ops.audit.models import AuditEvent
from workflows.models import WorkflowRun

NAME = "0c1b2a39-one"


@dataclass(frozen=True)
class Ask:
    """What is sent: where, which body, and another that would do as well."""

    address: str
    body: dict[str, Any]
    other: dict[str, Any]

    def by(self, client: Client, body: Any = None, *, key: str | None = NAME) -> Any:
        """Return the answer to the body, or to another."""
        headers = {} if key is None else {"idempotency-key": key}
        given = self.body if body is None else body
        return client.post(self.address, given, content_type="application/json", headers=headers)


@dataclass(frozen=True)
class Write:
    """A write: what to ask on an account, the key and the role it takes, and what it is on record as.

    `needs_body` is False where an empty body does.
    """

    ask: Callable[[TikTokAccount], Ask]
    key: Callable[[Workspace], IssuedKey]
    role: Role
    status: int
    rows: Callable[[], int]
    verb: str
    needs_body: bool = True

    def written(self) -> int:
        """Return how often it happened, having checked that the audit trail has each."""
        rows = self.rows()
        told = AuditEvent.objects.filter(verb=self.verb).exclude(actor="a test").count()
        assert told == rows, f"it happened {rows} times, and {told} are on record"
        return rows


def _runs() -> int:
    """Count runs but for those that stand behind an approval, which "a test" started."""
    return WorkflowRun.objects.exclude(definition__slug="asking").count()


def _start(account: TikTokAccount) -> Ask:
    body = starting.body_for(account)
    return Ask(starting.RUNS, body, {**body, "input": {"window_days": 14}})


def _decide(account: TikTokAccount) -> Ask:
    asked = request_of(asked_run(account))
    body = deciding.body_for(asked, comment="So it is.")
    return Ask(deciding.address_of(asked), body, {**body, "verb": "reject"})


def _acknowledge(account: TikTokAccount) -> Ask:
    return Ask(
        f"/api/v1/alerts/{alert_on(account).id}/acknowledge/", {"note": "I look."}, {"note": "Mended."}
    )


def _acknowledging_key(workspace: Workspace) -> IssuedKey:
    return make_key(workspace, scopes=["read", "alerts:acknowledge"])


HOW: dict[str, Write] = {
    "api-run-list": Write(_start, starting.starter_key, Role.OPERATOR, 201, _runs, "run.started"),
    "api-approval-decide": Write(
        _decide, deciding.decider_key, Role.APPROVER, 200, Decision.objects.count, "approval.approved"
    ),
    "api-alert-acknowledge": Write(
        _acknowledge,
        _acknowledging_key,
        Role.OPERATOR,
        200,
        Alert.objects.filter(status="acknowledged").count,
        "alert.acknowledged",
        needs_body=False,
    ),
}
"""How each route that writes is asked; one that is not here fails `test_writes`."""
