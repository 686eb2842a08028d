"""Every address of the API that writes: who may, what to send, and what it leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client

from approvals.models import Decision
from approvals.services import reject
from tests.factories.accounts import person
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
from workflows.control import pause_run
from workflows.models import Batch, RunEvent, WorkflowRun

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

    `takes_nothing` says that an empty body does, too.
    """

    ask: Callable[[TikTokAccount], Ask]
    key: Callable[[Workspace], IssuedKey]
    role: Role
    status: int
    rows: Callable[[], int]
    verb: str
    takes_nothing: bool = False

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


def _steer(verb: str) -> Callable[[TikTokAccount], Ask]:
    """Return how a run that waits at its gate is steered."""

    def ask(account: TikTokAccount) -> Ask:
        run = asked_run(account, on_reject="fail_run")
        if verb == "resume":
            pause_run(run_id=run.id, by="a test")
        return Ask(f"{starting.RUNS}{run.id}/{verb}/", {"reason": "So."}, {"reason": "Or so."})

    return ask


def _retry(account: TikTokAccount) -> Ask:
    run = asked_run(account, on_reject="fail_run")
    asked = request_of(run)
    ana = person(account.workspace, Role.APPROVER)
    reject(request_id=asked.id, by=ana, channel="admin", seen_sha256=asked.payload_sha256, comment="No.")
    step = run.steps.get(key="gate")
    return Ask(f"{starting.RUNS}{run.id}/steps/{step.id}/retry/", {"reason": "So."}, {"reason": "Or so."})


def _replay(account: TikTokAccount) -> Ask:
    run = asked_run(account)
    body = {"from_steps": ["gate"], "reason": "So."}
    return Ask(f"{starting.RUNS}{run.id}/replay/", body, {**body, "input": {"caption": "Other words"}})


def _batch(account: TikTokAccount) -> Ask:
    body = {"name": "Spring", "workflow": "profile_audit", "items": [{"account": str(account.id)}]}
    return Ask("/api/v1/batches/", body, {**body, "dry_run": True})


def _events(kind: str) -> Callable[[], int]:
    """Return how often this happened to a run."""
    return lambda: RunEvent.objects.filter(kind=f"run.{kind}").count()


def _steered(verb: str, kind: str) -> Write:
    """Return what is expected of steering a run; what a test did itself does not count."""
    return Write(
        _retry if verb == "retry" else _steer(verb),
        starting.starter_key,
        Role.OPERATOR,
        200,
        _events(kind),
        f"run.{kind}",
        takes_nothing=True,
    )


HOW: dict[str, Write] = {
    "api-run-list": Write(_start, starting.starter_key, Role.OPERATOR, 201, _runs, "run.started"),
    "api-run-cancel": _steered("cancel", "cancel_requested"),
    "api-run-pause": _steered("pause", "paused"),
    "api-run-resume": _steered("resume", "resumed"),
    "api-run-retry": _steered("retry", "retried"),
    "api-run-replay": Write(
        _replay,
        starting.starter_key,
        Role.OPERATOR,
        201,
        WorkflowRun.objects.exclude(replay_of=None).count,
        "run.replayed",
    ),
    "api-batch-list": Write(
        _batch, starting.starter_key, Role.OPERATOR, 201, Batch.objects.count, "batch.started"
    ),
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
        takes_nothing=True,
    ),
}
"""How each route that writes is asked; one that is not here fails `test_writes`."""
