"""Posts on their way: runs of `own_post` that wait at their gate, approvals of them, and time that passes.

The sandbox commits on connections of its own, so tests that let a post go out take `committed_db`.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar

import httpx
from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.providers.tiktok.provider import TikTokProvider
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.registry import OPERATIONS
from agents.sandbox.tiktok.transport import SandboxTikTokTransport
from agents.sandbox_models import SandboxCreator
from approvals.kinds import kind_of
from approvals.models import ApprovalRequest, Decision
from approvals.services import approve, reject
from tests.factories.accounts import AccountFactory, person
from tests.factories.approvals import request_of
from tests.factories.workflows import expire_lease, make_due
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import roles_with
from tiktok_ops.content.assets import store_asset
from tiktok_ops.content.models import Asset
from workflows.effects.models import Effect
from workflows.engine import advance_run
from workflows.keeper import wake_waiting
from workflows.models import WorkflowRun, WorkflowStep
from workflows.protocol import claim, renew
from workflows.services import start_run
from workflows.validation import parse_workflow
from workflows.work import Work

CAPTION = "Three ways to light a corner #lamp"
VIDEO = b"not a real video, but TikTok's sandbox does not look inside " * 40
PROBE = {
    "duration_seconds": 6.0,
    "width": 1080,
    "height": 1920,
    "frames_per_second": 30.0,
    "video_codec": "h264",
    "audio_codec": "aac",
}


def providers(**faults: Any) -> dict[str, Any]:
    """Return settings' providers with a sandbox TikTok that publishes at once, unless the faults say."""
    options = settings.PROVIDERS["tiktok"]["OPTIONS"]
    at_once = {"publish_seconds": 0, "moderation_seconds": 0}
    tiktok = {**settings.PROVIDERS["tiktok"], "OPTIONS": {**options, "faults": at_once | faults}}
    return {**settings.PROVIDERS, "tiktok": tiktok}


def direct_account(**changes: Any) -> TikTokAccount:
    """Return an account of our own whose posts we post ourselves."""
    account: TikTokAccount = AccountFactory.create(**{"delivery": "direct", **changes})
    return account


def video_asset(account: TikTokAccount, content: bytes = VIDEO, **changes: Any) -> Asset:
    """Return an asset of the account's workspace with these bytes."""
    with NamedTemporaryFile(suffix=".mp4") as file:
        file.write(content)
        file.flush()
        values: dict[str, Any] = {
            "workspace_id": account.workspace_id,
            "brand_id": None,
            "file": Path(file.name),
            "media_type": "video/mp4",
            "probe": PROBE,
            "rights_note": "Ours.",
            "rights_expire_at": None,
            "by": "a test",
        }
        return store_asset(**(values | changes))


def post_brief(asset: Asset, **changes: Any) -> dict[str, Any]:
    """Return what a run of `own_post` is given."""
    return {
        "asset": str(asset.id),
        "asset_sha256": asset.sha256,
        "caption": CAPTION,
        "privacy_level": "PUBLIC_TO_EVERYONE",
    } | changes


def asked_post(
    account: TikTokAccount | None = None,
    *,
    asset: Asset | None = None,
    by: User | str = "a test",
    **changes: Any,
) -> WorkflowRun:
    """Return a run of `own_post` that waits at its gate; `changes` are of the brief."""
    account = account or direct_account()
    given = post_brief(asset or video_asset(account), **changes)
    run = start_run("own_post", account_id=account.id, by=by, given=given)
    work(run)
    return run


def approved_post(account: TikTokAccount | None = None, **changes: Any) -> WorkflowRun:
    """Return a run of `own_post` that was approved and whose effect has not begun."""
    run = asked_post(account, **changes)
    decide(run)
    return run


def decider_of(request: ApprovalRequest) -> User:
    """Return a person of its workspace who may decide on what is asked for."""
    return person(request.workspace, min(roles_with(kind_of(request.kind).capability)))


def decide(run: WorkflowRun, verb: str = "approve", *, by: User | None = None) -> Decision:
    """Decide on the newest request of the run, as somebody of its workspace who may."""
    request = request_of(run)
    by = by or decider_of(request)
    said: dict[str, Any] = {
        "request_id": request.id,
        "by": by,
        "channel": Decision.Channel.ADMIN,
        "seen_sha256": request.payload_sha256,
    }
    return approve(**said) if verb == "approve" else reject(**said, comment="Not like this.")


def work(run: WorkflowRun) -> WorkflowRun:
    """Do all that is due in the run, here and now, whichever cluster it is for."""
    while advance_run(run.id, seconds_left=lambda: 1000):
        pass
    run.refresh_from_db()
    return run


def time_passes(run: WorkflowRun) -> WorkflowRun:
    """Let the run's steps wait no longer, for a time or for another try, and do what is due."""
    steps = WorkflowStep.objects.filter(run=run, status="waiting", wake_at__isnull=False)
    steps.update(wake_at=timezone.now() - timedelta(seconds=1))
    wake_waiting()
    for step in WorkflowStep.objects.filter(run=run, status="ready"):
        make_due(step)
    return work(run)


def until_it_rests(run: WorkflowRun, *, rounds: int = 12) -> WorkflowRun:
    """Let time pass until the run is over or waits for a person; fails after so many rounds."""
    for _ in range(rounds):
        run = time_passes(run)
        step = post_step(run)
        if run.finished_at or (step.status == "waiting" and step.wake_at is None):
            return run
    raise AssertionError(f"After {rounds} rounds the step is {post_step(run).status}: {post_step(run).error}")


def effect_of(run: WorkflowRun) -> Effect:
    """Return the run's effect as it is now."""
    return Effect.objects.select_related("account", "request", "decision", "step").get(step__run=run)


def post_step(run: WorkflowRun) -> WorkflowStep:
    """Return the run's step that posts, as it is now."""
    return run.steps.get(key="post")


def moves(run: WorkflowRun) -> list[str]:
    """Return how the run's effect moved, in order."""
    kinds = run.events.filter(kind__startswith="effect.").order_by("seq").values_list("kind", flat=True)
    return [kind.removeprefix("effect.") for kind in kinds]


def digest_of_video(content: bytes = VIDEO) -> str:
    """Return the SHA-256 TikTok's ledger shows for a video sent in one chunk."""
    return hashlib.sha256(content).hexdigest()


def creator_of(account: TikTokAccount, **fields: Any) -> SandboxCreator:
    """Return the account's creator on the sandbox TikTok with some fields changed."""
    creator, _ = SandboxCreator.objects.update_or_create(username=account.handle, defaults=fields)
    return creator


def taken_work(run: WorkflowRun) -> Work:
    """Take the run's due post step, as a worker does, and return the work; nothing of it is done."""
    claimed = claim(run.id)
    assert claimed is not None, list(run.steps.values("key", "status"))
    step = WorkflowStep.objects.select_related("run__definition", "run__account").get(id=claimed.step_id)
    workflow = parse_workflow(step.run.definition.definition)
    return Work(
        claim=claimed,
        step=step,
        workflow=workflow,
        node=workflow.node(step.key),
        hold=lambda seconds: renew(claimed, seconds=seconds),
        outputs={"gate": run.steps.get(key="gate").output},
    )


def take_over(run: WorkflowRun) -> Work:
    """Take the post step from a worker whose lease ran out, and return the new worker's work."""
    expire_lease(post_step(run))
    return taken_work(run)


class WatchedTikTok(TikTokProvider):
    """The sandbox TikTok, where something may happen just before a request or just after its answer.

    To be named as the provider's backend; `watched` sets what happens, once.
    """

    happens: ClassVar[dict[tuple[str, str], Callable[[], Any]]] = {}

    def __init__(self, mode: str, options: Mapping[str, Any]) -> None:
        faults = TikTokFaults.model_validate(options["faults"])
        super().__init__(mode, options, transport=_WatchedTransport(SandboxTikTokTransport(faults)))


class _WatchedTransport(httpx.BaseTransport):
    """Lets happen what is to happen around a request."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        named = (one.name for one in OPERATIONS if one.parts_of(request.method, request.url.path) is not None)
        operation = next(named, "upload")
        self._let_happen("before", operation)
        response = self._inner.handle_request(request)
        self._let_happen("after", operation)
        return response

    def _let_happen(self, when: str, operation: str) -> None:
        happening = WatchedTikTok.happens.pop((when, operation), None)
        if happening is not None:
            happening()


def watched(when: str, operation: str, happening: Callable[[], Any], **faults: Any) -> dict[str, Any]:
    """Return settings' providers with a TikTok around whose next such request something happens.

    `when` is "before" or "after"; `operation` is "creator_info", "init", "upload" or "status".
    """
    WatchedTikTok.happens.clear()
    WatchedTikTok.happens[when, operation] = happening
    made = providers(**faults)
    backend = f"{WatchedTikTok.__module__}.{WatchedTikTok.__qualname__}"
    return {**made, "tiktok": {**made["tiktok"], "BACKEND": backend}}


@contextmanager
def triggers_off(table: str) -> Iterator[None]:
    """Let the database's own rules sleep on a table, as somebody with all rights over it could."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def sql(statement: str, *values: Any) -> None:
    """Run a statement, as somebody at the database would."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def forget_tiktok() -> None:
    """Let the sandbox TikTok know nothing, and nobody anything against it, as at the beginning."""
    with connection.cursor() as cursor:
        for table in (
            "agents_sandboxnotice",
            "agents_sandboxtoken",
            "agents_sandboxgrant",
            "agents_sandboxrequest",
            "agents_sandboxrecord",
            "agents_sandboxpost",
            "agents_sandboxcreator",
            "agents_breaker",
        ):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
