"""One row of every kind that has an admin page, and a person of every kind who may look at it."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from http.cookies import SimpleCookie
from itertools import count
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Model
from django.test import Client
from model_bakery import baker

from agents.models import (
    AgentRun,
    AgentStep,
    Breaker,
    Budget,
    GuardrailFinding,
    GuardrailPolicy,
    MemoryItem,
    ModelPrice,
)
from approvals.models import ApprovalRequest, Decision
from tests.factories.accounts import (
    AccountFactory,
    BrandFactory,
    MembershipFactory,
    UserFactory,
    WorkspaceFactory,
    person,
)
from tests.factories.alerts import alert_on
from tests.factories.approvals import asked_request
from tests.factories.batches import batch_of
from tests.factories.budgets import budget_of
from tests.factories.content import PostFactory
from tests.factories.effects import effect_on
from tests.factories.figures import NOON
from tests.factories.guardrails import finding_on, policy_of
from tests.factories.memory import lesson_of
from tests.factories.schedules import make_schedule
from tests.factories.stops import stop_of
from tests.factories.webhooks import message_of
from tests.factories.workflows import WorkflowDefinitionFactory, WorkflowRunFactory
from tiktok_ops.accounts.models import ApiKey, Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.alerts.models import Alert
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.audit.services import record
from tiktok_ops.content.models import (
    AccountMetrics,
    Artifact,
    Asset,
    AudienceShare,
    Comment,
    ContentImport,
    Creator,
    OrderLine,
    Post,
    PostMetrics,
    Product,
    Trend,
)
from tiktok_ops.vault.models import Secret
from tiktok_ops.vault.services import store_secret
from workflows.models import (
    Batch,
    Effect,
    Schedule,
    StopSwitch,
    WebhookMessage,
    WebhookRefusal,
    WorkflowDefinition,
    WorkflowRun,
)

_numbers = count(1)


def _post(account: TikTokAccount) -> Post:
    post: Post = PostFactory.create(account=account)
    PostMetrics.objects.create(post=post, views=1_000)
    return post


def _product(account: TikTokAccount) -> Product:
    return Product.objects.create(account=account, product_id=str(next(_numbers)), title="Lamp")


def _audit_event(account: TikTokAccount) -> AuditEvent:
    with transaction.atomic():
        return record("thing.happened", by="test", subject="thing", workspace_id=account.workspace_id)


def agent_run(account: TikTokAccount, **changes: Any) -> AgentRun:
    """Return an agent run on the account, with one simulated call to the model."""
    run = AgentRun.objects.create(
        account=account, agent="made", as_of=NOON, run_id=uuid4(), latency_ms=12, **changes
    )
    AgentStep.objects.create(
        agent_run=run,
        kind=AgentStep.Kind.CLAUDE,
        name="summary",
        model="claude-haiku-5-5",
        request={"question": "How?"},
        response={"answer": "So."},
        input_tokens=1_204,
        output_tokens=310,
        cost_usd=Decimal("0.000276"),
        latency_ms=9,
        provider_request_id="req_1",
    )
    return run


def artifact(account: TikTokAccount, **changes: Any) -> Artifact:
    """Return a report of a run on the account."""
    values = {"kind": Artifact.Kind.REPORT, "text": "# Report", "sha256": "0" * 64} | changes
    return Artifact.objects.create(account=account, run_id=uuid4(), step_id=uuid4(), **values)


def decision_on(account: TikTokAccount) -> Decision:
    """Return a decision as it would stand in the database."""
    request = asked_request(account)
    return Decision.objects.create(
        request=request,
        verb="approve",
        decided_by=person(account.workspace, Role.APPROVER),
        channel="admin",
        payload=bytes(request.payload),
        payload_sha256=request.payload_sha256,
        seal="0" * 64,
        seal_key_id="dev",
        decided_at=NOON,
    )


def secret_of(account: TikTokAccount) -> Secret:
    """Return a secret of the account's workspace that was written once."""
    name = f"made {next(_numbers)}"
    store_secret(workspace_id=account.workspace_id, name=name, text="a value nobody sees", by="a test")
    return Secret.objects.get(name=name)


ROWS: dict[type[Model], Callable[[TikTokAccount], Model]] = {
    Workspace: lambda account: account.workspace,
    TikTokAccount: lambda account: AccountFactory.create(workspace=account.workspace, brand=account.brand),
    Brand: lambda account: BrandFactory.create(workspace=account.workspace),
    User: lambda account: person(account.workspace, Role.VIEWER),
    ApiKey: lambda account: ApiKey.objects.create(
        workspace=account.workspace,
        brand=account.brand,
        acts_for=UserFactory.create(),
        created_by=UserFactory.create(),
        name="made",
        prefix=f"made{next(_numbers):06}",
        secret_digest="0" * 64,
    ),
    Post: _post,
    AccountMetrics: lambda account: AccountMetrics.objects.create(
        account=account, day=date.fromordinal(730_000 + next(_numbers)), followers=5
    ),
    AudienceShare: lambda account: AudienceShare.objects.create(
        account=account,
        observed_on=date.fromordinal(730_000 + next(_numbers)),
        dimension="gender",
        value="female",
        share=0.59,
    ),
    Comment: lambda account: Comment.objects.create(
        account=account, post=_post(account), comment_id=str(next(_numbers)), text="Nice", created_at=NOON
    ),
    Product: _product,
    OrderLine: lambda account: OrderLine.objects.create(
        account=account, product=_product(account), order_id="1", quantity=1, ordered_at=NOON
    ),
    Creator: lambda account: baker.make(Creator, workspace=account.workspace, engagement_rate=0.042),
    Trend: lambda account: baker.make(Trend, observed_at=NOON),
    Asset: lambda account: Asset.objects.create(
        workspace=account.workspace,
        brand=account.brand,
        sha256=f"{next(_numbers):064}",
        media_type="image/png",
        bytes=5,
    ),
    Artifact: artifact,
    ContentImport: lambda account: ContentImport.objects.create(
        account=account, file_name="posts.csv", requested_by=UserFactory.create()
    ),
    AuditEvent: _audit_event,
    AgentRun: agent_run,
    ModelPrice: lambda account: ModelPrice.objects.create(
        model=f"made-{next(_numbers)}",
        effective_from=date(2026, 1, 1),
        **dict.fromkeys(("input_usd", "output_usd", "cache_read_usd"), 1),
        **dict.fromkeys(("cache_write_5m_usd", "cache_write_1h_usd"), 1),
    ),
    Budget: lambda account: budget_of(
        account, scope="run", per="run", run_id=uuid4(), brand=account.brand, is_simulated=False
    ),
    MemoryItem: lambda account: lesson_of(account, text=f"Never say it is cheap ({next(_numbers)})."),
    Breaker: lambda account: Breaker.objects.create(
        alias="claude",
        operation=f"made{next(_numbers)}",
        status="open",
        failures=5,
        opened_at=NOON,
        retry_at=NOON,
        failed_at=NOON,
        last_error="Claude failed to answer (500); try again.",
    ),
    GuardrailPolicy: lambda account: policy_of(account.workspace),
    GuardrailFinding: finding_on,
    Batch: lambda account: batch_of(account, requested_by=UserFactory.create()),
    WorkflowDefinition: lambda account: WorkflowDefinitionFactory.create(),
    ApprovalRequest: asked_request,
    Decision: decision_on,
    Effect: effect_on,
    Schedule: make_schedule,
    Alert: alert_on,
    StopSwitch: lambda account: stop_of(
        AccountFactory.create(workspace=account.workspace, brand=account.brand)
    ),
    WorkflowRun: lambda account: WorkflowRunFactory.create(
        account=account, requested_by=UserFactory.create()
    ),
    Secret: secret_of,
    WebhookMessage: lambda account: message_of(),
    WebhookRefusal: lambda account: WebhookRefusal.objects.create(
        source="tiktok", day=date.fromordinal(730_000 + next(_numbers))
    ),
}
"""How to make a row of an account's workspace, each column that may point elsewhere filled in.

Shared tables ignore the account.
"""


@dataclass(slots=True)
class World:
    """A workspace with an account and a person of every role; strangers; and a superuser.

    `cookies` are those of the people who are signed in already.
    """

    account: TikTokAccount
    people: dict[str, User] = field(default_factory=dict)
    cookies: dict[str, SimpleCookie] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        """The workspace everything is about."""
        return self.account.workspace

    def client(self, name: str) -> Client:
        """Return a browser in which this person is signed in; nobody is for "anonymous"."""
        client = Client()
        if name in self.cookies:
            client.cookies = deepcopy(self.cookies[name])
        elif name != "anonymous":
            client.force_login(self.people[name])
        return client

    def sign_in(self) -> None:
        """Sign everybody in, for all the clients there will be: a sixth of what a page costs."""
        self.cookies = {name: self.client(name).cookies for name in self.people}

    def row(self, model: type[Model]) -> Any:
        """Return a new row of the workspace."""
        return ROWS[model](self.account)


def make_world() -> World:
    """Make the world; "stranger" owns another workspace, "nobody" has no role, "client" one brand only."""
    world = World(AccountFactory.create())
    for role in Role:
        world.people[role.value] = person(world.workspace, role)
    world.people["stranger"] = person(WorkspaceFactory.create(), Role.OWNER)
    world.people["nobody"] = UserFactory.create()
    world.people["superuser"] = UserFactory.create(is_superuser=True)
    client = MembershipFactory.create(workspace=world.workspace, role=Role.OWNER, reach="brands")
    client.brands.set(Brand.objects.filter(accounts=world.account))
    world.people["client"] = client.user
    return world
