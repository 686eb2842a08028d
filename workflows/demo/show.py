"""What the demo does, step by step: prepare, import, audit, draft, approve, post, on real workers, print."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from agents.sandbox.tiktok import ledger as tiktok
from approvals.models import ApprovalRequest, Decision
from approvals.services import approve
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.content.imports.service import import_posts
from tiktok_ops.errors import Refused
from tiktok_ops.postgres.base import let_go
from tiktok_ops.postgres.server import EmbeddedServer
from workflows.approval_kinds import VideoPost
from workflows.demo.world import HANDLE, SLUG, make_world
from workflows.effects.models import Effect
from workflows.models import WorkflowRun
from workflows.overview import RunOverview, overview_of
from workflows.own_processes import OwnProcess, WorkerForNow
from workflows.presence import present
from workflows.services import start_run

DRAFT = {"privacy_level": "PUBLIC_TO_EVERYONE", "allow_comment": True, "duration_seconds": 5}
SAMPLE = Path(__file__).with_name("sample_posts.csv")
LONGEST_SECONDS = 120.0
BAR_WIDTH = 20


class DemoFailed(Refused):
    """The demo did not come to its end."""


@dataclass(slots=True)
class Demo:
    """One showing; `say` gets what a person reads."""

    out: TextIO

    def say(self, line: str = "") -> None:
        """Print a line at once."""
        self.out.write(f"{line}\n")
        self.out.flush()

    def show(self) -> RunOverview:
        """Run the demo to its end and leave nothing running that was not running before.

        Returns the run that posted. Raises `DemoFailed` when a run does not succeed.
        """
        with database():
            self.say("Preparing the database …")
            call_command("migrate", verbosity=0)
            make_world()
            with workers(self) as worker:
                account = self._import()
                audit = self._audit(account, worker)
                post = self._post(account, worker)
            self._tell(audit)
            self._tell_post(post)
        return post

    def _import(self) -> TikTokAccount:
        """Import the sample posts that ship with the project."""
        account = TikTokAccount.objects.get(workspace__slug=SLUG, handle=HANDLE)
        with SAMPLE.open("rb") as stream:
            result = import_posts(account_id=account.id, stream=stream, filename=SAMPLE.name, by="demo")
        self.say(
            f"Imported {result.rows} sample posts into {account}: {result.created} new, "
            f"{result.updated} changed, {result.unchanged} unchanged."
        )
        return account

    def _audit(self, account: TikTokAccount, worker: WorkerForNow) -> RunOverview:
        """Run the profile audit on the workers, with progress shown."""
        run = start_run("profile_audit", account_id=account.id, by="demo")
        self.say(f"Auditing {account} on the workers (run {run.id}) …")
        return self._to_the_end(run, worker, told=set())

    def _post(self, account: TikTokAccount, worker: WorkerForNow) -> RunOverview:
        """Have a post drafted up to its gate, approve it as Ana, and wait until TikTok has it."""
        oscar, ana = (User.objects.get(username=name) for name in ("oscar", "ana"))
        run = start_run("post_draft", account_id=account.id, by=oscar, given=DRAFT)
        self.say(f"Drafting a post for {account} (run {run.id}) …")
        told: set[str] = set()
        self._wait(run, worker, told, until=lambda overview: bool(undecided(overview)))
        [request] = undecided(overview_of(run))
        self.say(f"  Needs review: {request.title}")
        approve(
            request_id=request.id,
            by=ana,
            channel=Decision.Channel.COMMAND,
            seen_sha256=request.payload_sha256,
            comment="Shown in the demo.",
        )
        self.say(f"  Ana approves exactly these bytes: SHA-256 {request.payload_sha256}")
        return self._to_the_end(run, worker, told)

    def _to_the_end(self, run: WorkflowRun, worker: WorkerForNow, told: set[str]) -> RunOverview:
        """Wait for the end of a run; raises `DemoFailed` unless it succeeds."""
        overview = self._wait(run, worker, told, until=lambda overview: overview.run.is_over)
        if overview.run.status != "succeeded":
            raise DemoFailed(f"The run {run.id} {overview.run.status}: see its steps with `make up`.")
        return overview

    def _wait(
        self,
        run: WorkflowRun,
        worker: WorkerForNow,
        told: set[str],
        *,
        until: Callable[[RunOverview], bool],
    ) -> RunOverview:
        """Show the run's progress until it is as far as wanted, or over."""
        end = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < end:
            overview = overview_of(run)
            self._progress(overview, told)
            if until(overview) or overview.run.is_over:
                return overview
            worker.ensure()
            time.sleep(0.1)
        raise DemoFailed(f"The run was not done after {LONGEST_SECONDS:.0f} s: {overview.waiting_on}")

    def _progress(self, overview: RunOverview, told: set[str]) -> None:
        """Print a line with the bar for each step that has ended since the last look."""
        ended = [step for step in overview.steps if step.finished_at]
        for step in ended:
            if step.key not in told:
                told.add(step.key)
                full = BAR_WIDTH * len(told) // len(overview.steps)
                bar = "█" * full + "░" * (BAR_WIDTH - full)
                self.say(f"  {bar} {len(told)}/{len(overview.steps)}  {step.key}: {step.status}")

    def _tell(self, overview: RunOverview) -> None:
        """Print the report and the summary."""
        money = f"${overview.cost_usd:.6f}{' simulated' if overview.is_simulated else ''}"
        calls, tokens = overview.totals.calls, sum(overview.totals.tokens.values())
        self.say()
        self.say(overview.report)
        self.say("─" * 72)
        self.say(f"Run       {overview.run.id}: {overview.run.status}")
        self.say(f"Steps     {len(overview.steps)} in {overview.seconds:.1f} s")
        self.say(f"Claude    {calls} calls, {tokens} tokens, {money}")

    def _tell_post(self, overview: RunOverview) -> None:
        """Print what became of the post, by our ledger and by TikTok's own."""
        effect = Effect.objects.select_related("decision__decided_by", "account").get(step__run=overview.run)
        post = VideoPost.model_validate_json(bytes(effect.decision.payload))
        on_tiktok = [
            found
            for found in tiktok.posts(username=effect.account.handle)
            # Of an earlier demo there may be the same video: its run was another.
            if found.completed_at >= overview.run.created_at or found.publish_id == effect.provider_ref
        ]
        self.say("─" * 72)
        self.say(f"Posted    {post.caption}")
        self.say(
            f"Effect    {effect.status}, approved by {effect.decision.decided_by}, sent {effect.claims} time"
        )
        self.say(f"TikTok    {len(on_tiktok)} post of this run in the sandbox's ledger: {effect.url}")
        self.say(
            "Look at   `make up` for the admin (accounts, runs, approvals, effects); `make down` stops it"
        )
        if [found.publish_id for found in on_tiktok] != [effect.provider_ref]:
            raise DemoFailed(f"The sandbox has {len(on_tiktok)} posts of this run instead of one.")


def undecided(overview: RunOverview) -> list[ApprovalRequest]:
    """Return the approvals the run waits for."""
    asked = [step.approval for step in overview.steps if step.status == "waiting" and step.approval]
    return [request for request in asked if request.is_undecided]


@contextmanager
def database() -> Iterator[None]:
    """Leave the embedded server stopped at the end, unless others use it or `DATABASE_URL` names another."""
    if settings.DATABASES["default"]["ENGINE"] != "tiktok_ops.postgres":
        yield
        return
    server = EmbeddedServer.default()
    try:
        yield
    finally:
        connections.close_all()
        let_go(server)
        server.stop_if_unused()


@contextmanager
def workers(demo: Demo) -> Iterator[WorkerForNow]:
    """Have a worker and a keeper for the time being: those that are up, or else some of our own."""
    with ExitStack() as own:
        if not present().keepers:
            own.enter_context(OwnProcess.start("keeper"))
        worker = own.enter_context(WorkerForNow(demo.say, stays=False))
        worker.ensure()
        yield worker
