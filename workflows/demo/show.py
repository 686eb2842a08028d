"""What the demo does, step by step: prepare, import, audit on real workers, print."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.imports.service import import_posts
from tiktok_ops.errors import Refused
from tiktok_ops.postgres.base import let_go
from tiktok_ops.postgres.server import EmbeddedServer
from workflows.demo.world import HANDLE, SLUG, make_world
from workflows.overview import RunOverview, overview_of
from workflows.own_processes import OwnProcess, WorkerForNow
from workflows.presence import present
from workflows.services import start_run

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

        Raises `DemoFailed` when the run does not succeed.
        """
        with database():
            self.say("Preparing the database …")
            call_command("migrate", verbosity=0)
            make_world()
            with workers(self) as worker:
                account = self._import()
                overview = self._audit(account, worker)
            self._tell(overview)
        if overview.run.status != "succeeded":
            raise DemoFailed(f"The audit {overview.run.status}: see its steps with `make up`.")
        return overview

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
        end = time.monotonic() + LONGEST_SECONDS
        told: set[str] = set()
        while time.monotonic() < end:
            overview = overview_of(run)
            self._progress(overview, told)
            if overview.run.is_over:
                return overview
            worker.ensure()
            time.sleep(0.1)
        raise DemoFailed(f"The audit was not done after {LONGEST_SECONDS:.0f} s: {overview.waiting_on}")

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
        self.say("Look at   `make up` for the admin (accounts, runs, trace, report); `make down` stops it")


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
