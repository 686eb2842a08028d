"""A workspace with one of everything the API shows, and what each address of the API does with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import uuid4

from agents.guardrails.models import GuardrailFinding, GuardrailPolicy
from agents.models import Budget, MemoryItem
from approvals.models import ApprovalRequest
from tests.factories.accounts import AccountFactory, BrandFactory, UserFactory, WorkspaceFactory
from tests.factories.alerts import alert_on
from tests.factories.approvals import asked_request
from tests.factories.batches import batch_of
from tests.factories.budgets import budget_of
from tests.factories.content import PostFactory
from tests.factories.effects import make_effect, yes_to
from tests.factories.figures import NOON
from tests.factories.guardrails import finding_on, policy_of
from tests.factories.memory import lesson_of
from tests.factories.schedules import fired_schedule
from tests.factories.stops import stop_of
from tests.unit.tiktok_ops.rest.callers import make_key
from tests.unit.workflows.api.runs import add_step, make_run
from tiktok_ops.accounts.models import Brand, TikTokAccount, Workspace
from tiktok_ops.alerts.models import Alert
from tiktok_ops.content.models import Artifact, Asset, Post, PostMetrics
from tiktok_ops.rest.scopes import Scope
from workflows.models import Batch, Effect, RunEvent, Schedule, StopSwitch, WorkflowRun, WorkflowStep

Reach = Literal["account", "brand", "workspace", "everyone"]


@dataclass(frozen=True)
class Room:
    """A workspace with one account of a brand, a stop switch for it, and one of everything that belongs to it."""

    workspace: Workspace
    brand: Brand
    account: TikTokAccount
    post: Post
    asset: Asset
    run: WorkflowRun
    step: WorkflowStep
    approval: ApprovalRequest
    effect: Effect
    schedule: Schedule
    stop: StopSwitch
    alert: Alert
    batch: Batch
    budget: Budget
    lesson: MemoryItem
    policy: GuardrailPolicy
    finding: GuardrailFinding


def make_room(workspace: Workspace | None = None, **account: Any) -> Room:
    """Return a room in the workspace, or in a new one; `account` are fields of its account."""
    workspace = workspace or WorkspaceFactory.create()
    brand = BrandFactory.create(workspace=workspace)
    made = AccountFactory.create(workspace=workspace, brand=brand, **account)
    asked = {"requested_by": UserFactory.create(), "api_key": make_key(workspace).key}
    asset = Asset.objects.create(
        workspace=workspace, brand=brand, sha256=uuid4().hex * 2, media_type="video/mp4", bytes=5
    )
    run, approval = make_run(made, steps=1, **asked), asked_request(made, asset_sha256=asset.sha256)
    room = Room(
        workspace,
        brand,
        made,
        PostFactory.create(account=made),
        asset,
        run,
        run.steps.get(),
        approval,
        make_effect(yes_to(approval), run.steps.get()),
        fired_schedule(made, run),
        stop_of(made),
        alert_on(made, about=run),
        batch_of(made, [], requested_by=asked["requested_by"]),
        budget_of(made, scope="brand", brand=brand),
        lesson_of(made),
        policy_of(workspace),
        finding_on(made, run_id=run.id, request_id=approval.id),
    )
    add_parts(room, number=1)
    return room


def add_parts(room: Room, *, number: int) -> None:
    """Add figures number `number` to the post, and an event and a report to the run."""
    PostMetrics.objects.create(post=room.post, views=number, observed_at=NOON + timedelta(hours=number))
    RunEvent.objects.create(run=room.run, seq=number, kind="run.queued", data={"number": number})
    Artifact.objects.create(
        account=room.account,
        kind=Artifact.Kind.REPORT,
        run_id=room.run.id,
        step_id=uuid4(),
        round=number,
        text=f"# Report {number}",
        sha256="0" * 64,
    )


def grow(room: Room) -> None:
    """Let there be twenty of everything."""
    for number in range(2, 21):
        make_room(room.workspace)
        add_parts(room, number=number)
        add_step(room.run, position=number)


@dataclass(frozen=True)
class Expected:
    """What an address does: `address` for a room, its status when let in, and how many queries it may take.

    Queries are counted with a key that was used within the minute: finding the key is one of them, counting
    the call another. `row` is what the address names or lists, `reach` what keeps others from it, `writes`
    the scope that POST takes; `is_read` is False where there is nothing but POST, `streams` True where
    `Accept: text/event-stream` is answered with server-sent events.
    """

    address: Callable[[Room], str]
    queries: int
    row: Callable[[Room], Any] | None = None
    reach: Reach = "account"
    is_list: bool = False
    status: int = 200
    needs_scope: bool = True
    writes: Scope | None = None
    is_read: bool = True
    streams: bool = False


def _list_and_detail(
    name: str, row: Callable[[Room], Any], reach: Reach, *, queries: int = 3, plural: str = "", **listing: Any
) -> dict[str, Expected]:
    """Return what is expected of a resource: its list, and one row of it."""
    address = f"/api/v1/{plural or name + ('e' if name.endswith('ch') else '') + 's'}/"
    return {
        f"api-{name}-list": Expected(
            lambda room: address, queries=3, row=row, reach=reach, is_list=True, **listing
        ),
        f"api-{name}-detail": Expected(
            lambda room: f"{address}{row(room).id}/", queries=queries, row=row, reach=reach
        ),
    }


def _part(name: str, row: Callable[[Room], Any], *, queries: int = 4, streams: bool = False) -> Expected:
    """Return what is expected of a list of what belongs to one row."""

    def address(room: Room) -> str:
        return f"/api/v1/{name}".replace("ID", str(row(room).id))

    return Expected(address, queries=queries, row=row, streams=streams)


def _write(name: str, row: Callable[[Room], Any]) -> Expected:
    """Return what is expected of something that is done to one run, and has nothing to read."""
    return Expected(
        lambda room: f"/api/v1/{name}".replace("ID", str(row(room).id)),
        queries=1,
        row=row,
        status=405,
        writes=Scope.RUNS_START,
        is_read=False,
    )


def _catalogue(name: str, entry: str, queries: int) -> dict[str, Expected]:
    address = f"/api/v1/{name}s/"
    return {
        f"api-{name}-list": Expected(lambda room: address, queries=queries, reach="everyone"),
        f"api-{name}-detail": Expected(lambda room: f"{address}{entry}/", queries=queries, reach="everyone"),
    }


ROUTES: dict[str, Expected] = {
    "api-me": Expected(lambda room: "/api/v1/me/", queries=4),
    **_list_and_detail("workspace", lambda room: room.workspace, "workspace"),
    **_list_and_detail("brand", lambda room: room.brand, "brand"),
    **_list_and_detail("account", lambda room: room.account, "account"),
    **_list_and_detail("post", lambda room: room.post, "account"),
    "api-post-metrics": _part("posts/ID/metrics/", lambda room: room.post),
    **_list_and_detail("asset", lambda room: room.asset, "brand"),
    **_catalogue("agent", "account_health", 2),
    **_catalogue("workflow", "profile_audit", 3),
    **_list_and_detail("run", lambda room: room.run, "account", queries=5, writes=Scope.RUNS_START),
    "api-run-steps": _part("runs/ID/steps/", lambda room: room.run, queries=6),
    "api-run-events": _part("runs/ID/events/", lambda room: room.run, streams=True),
    "api-run-trace": _part("runs/ID/trace/", lambda room: room.run),
    "api-run-artifacts": _part("runs/ID/artifacts/", lambda room: room.run),
    "api-run-report": _part("runs/ID/report/", lambda room: room.run),
    "api-run-compare": Expected(
        lambda room: f"/api/v1/runs/{room.run.id}/compare/", queries=3, row=lambda room: room.run
    ),
    **{
        f"api-run-{verb}": _write(f"runs/ID/{verb}/", lambda room: room.run)
        for verb in ("cancel", "pause", "resume", "replay")
    },
    "api-run-retry": Expected(
        lambda room: f"/api/v1/runs/{room.run.id}/steps/{room.step.id}/retry/",
        queries=1,
        row=lambda room: room.run,
        status=405,
        writes=Scope.RUNS_START,
        is_read=False,
    ),
    **_list_and_detail("budget", lambda room: room.budget, "brand"),
    **_list_and_detail("memory-item", lambda room: room.lesson, "brand"),
    "api-spend": Expected(lambda room: "/api/v1/spend/", queries=3, reach="everyone"),
    **_list_and_detail("approval-share", lambda room: room.brand, "brand"),
    **_list_and_detail("batch", lambda room: room.batch, "account", writes=Scope.RUNS_START),
    **_list_and_detail("approval", lambda room: room.approval, "account", queries=4),
    "api-approval-decide": Expected(
        lambda room: f"/api/v1/approvals/{room.approval.id}/decide/",
        queries=1,
        row=lambda room: room.approval,
        status=405,
        writes=Scope.APPROVALS_DECIDE,
        is_read=False,
    ),
    **_list_and_detail("effect", lambda room: room.effect, "account"),
    **_list_and_detail("schedule", lambda room: room.schedule, "account"),
    **_list_and_detail("stop", lambda room: room.stop, "account"),
    **_list_and_detail(
        "guardrail-policy", lambda room: room.policy, "workspace", plural="guardrail-policies"
    ),
    **_list_and_detail("finding", lambda room: room.finding, "account"),
    **_list_and_detail("alert", lambda room: room.alert, "account"),
    "api-alert-acknowledge": Expected(
        lambda room: f"/api/v1/alerts/{room.alert.id}/acknowledge/",
        queries=1,
        row=lambda room: room.alert,
        status=405,
        writes=Scope.ALERTS_ACKNOWLEDGE,
        is_read=False,
    ),
    "api-schema": Expected(lambda room: "/api/schema/", queries=2, reach="everyone", needs_scope=False),
    "api-unknown": Expected(
        lambda room: "/api/v1/nothing/here/", queries=2, reach="everyone", status=404, needs_scope=False
    ),
}
PAGES = {"api-docs"}
"""Addresses for browsers, which have tests of their own."""

SCOPED = [name for name, expected in ROUTES.items() if expected.needs_scope]
DATA = [name for name in SCOPED if ROUTES[name].is_read]
DETAILS = [name for name in DATA if ROUTES[name].row and not ROUTES[name].is_list]
LISTS = [name for name, expected in ROUTES.items() if expected.is_list]
STREAMS = [name for name, expected in ROUTES.items() if expected.streams]
WRITES = [name for name, expected in ROUTES.items() if expected.writes]


def reaching(names: list[str], *reaches: Reach) -> list[str]:
    """Return those of the routes whose rows are kept apart in one of these ways."""
    return [name for name in names if ROUTES[name].reach in reaches]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object with an id within a JSON value; a schema only speaks of objects."""
    if isinstance(value, dict):
        if "id" in value:
            yield value
        for name, inner in value.items():
            if not name.endswith("schema"):
                yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)
