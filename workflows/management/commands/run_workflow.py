"""`manage.py run_workflow`: start a workflow on an account, and if asked wait for its end."""

import json
import time
from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from agents.budgets.services import CapRefused, check_cap
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.cells import visible
from tiktok_ops.commands import SentenceCommand
from workflows.catalogue import find_workflow
from workflows.models import WorkflowRun
from workflows.overview import RunOverview, overview_of
from workflows.own_processes import WorkerForNow
from workflows.services import start_run
from workflows.validation import InputRefused

POLL_SECONDS = 0.1


class Command(SentenceCommand):
    """Starts a run; with `--wait` it ends with the run, and its exit code says how that went."""

    help = "Start a workflow on an account. Exit code: 0 done or started, 1 the run failed, 2 refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="the workflow, for example profile_audit")
        parser.add_argument("--account", required=True, metavar="HANDLE", help="the account's handle")
        parser.add_argument("--workspace", metavar="SLUG", help="where the handle is in several workspaces")
        parser.add_argument(
            "--input", default="{}", metavar="JSON", help='the run\'s input, as {"field": value}'
        )
        parser.add_argument("--dry-run", action="store_true", help="ask nobody and send nothing")
        parser.add_argument("--cap", metavar="USD", help="what its calls to models may cost at most")
        parser.add_argument(
            "--wait", action="store_true", help="wait until the run is over, or waits for a person"
        )
        parser.add_argument("--json", action="store_true", help="print the run as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the run, wait if asked, print."""
        workflow = find_workflow(options["slug"])
        account = account_of(options["account"], options["workspace"])
        given = input_of(options["input"])
        run = start_run(
            workflow.slug,
            account_id=account.id,
            by="command line",
            given=given,
            is_dry_run=options["dry_run"],
            cap_usd=usd_of(options["cap"]) if options["cap"] else None,
        )
        self.stderr.write(f"Run {run.id} has started.")
        with WorkerForNow(self.stderr.write, stays=not options["wait"]) as worker:
            worker.ensure()
            overview = self._wait(run, worker) if options["wait"] else overview_of(run)
        self._print(overview, as_json=options["json"])
        if overview.run.status == "failed":
            raise SystemExit(1)

    def _wait(self, run: WorkflowRun, worker: WorkerForNow) -> RunOverview:
        """Wait for the end, telling each step's on standard error."""
        told: set[str] = set()
        while True:
            run.refresh_from_db(fields=["status"])
            for step in run.steps.exclude(finished_at=None):
                if step.key not in told:
                    told.add(step.key)
                    self.stderr.write(f"  {step.key}: {step.status}")
            if run.is_over or _waits_for_somebody(run):
                return overview_of(run)
            worker.ensure()
            time.sleep(POLL_SECONDS)

    def _print(self, overview: RunOverview, *, as_json: bool) -> None:
        """Print the run: JSON for programs, else the report and one line."""
        if as_json:
            self.stdout.write(json.dumps(overview.as_json(), indent=2, ensure_ascii=False))
            return
        if overview.report:
            self.stdout.write(visible(overview.report))
        money = f"${overview.cost_usd:.6f}{' simulated' if overview.is_simulated else ''}"
        self.stdout.write(
            f"Run {overview.run.id} is {overview.run.status} after {overview.seconds:.1f} s, {money}."
        )
        if overview.waiting_on:
            self.stdout.write(overview.waiting_on)


def _waits_for_somebody(run: WorkflowRun) -> bool:
    """Return whether the run waits, and not merely for its time."""
    return run.status == "waiting" and not run.steps.filter(wake_at__isnull=False).exists()


def account_of(handle: str, workspace: str | None) -> TikTokAccount:
    """Return the account written `handle`. Raises `AccountUnknown`."""
    accounts = TikTokAccount.objects.all()
    if workspace is not None:
        accounts = accounts.filter(workspace__slug=workspace)
    return accounts.with_handle(handle)


def usd_of(text: str) -> Decimal:
    """Return an amount of US dollars. Raises `CapRefused` unless it is one."""
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        raise CapRefused(f"The cap {text!r} is no amount of US dollars: write it as --cap 0.50.") from None
    check_cap(amount)
    return amount


def input_of(text: str) -> dict[str, Any]:
    """Return the run's input. Raises `InputRefused` unless it is a JSON object."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputRefused(
            f"The input is not JSON ({error}): write it as --input '{{\"window_days\": 14}}'."
        ) from None
    if not isinstance(given, dict):
        raise InputRefused(
            f"The input is {given!r}, not an object: write it as --input '{{\"window_days\": 14}}'."
        )
    return given
