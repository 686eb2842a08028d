"""`manage.py run_batch`: start a workflow once for each of several accounts, or for each item of a file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from tiktok_ops.cells import visible
from tiktok_ops.commands import SentenceCommand
from workflows.batches import BatchRefused, Item, start_batch
from workflows.catalogue import find_workflow
from workflows.control_commands import BY
from workflows.management.commands.run_workflow import account_of, input_of
from workflows.models import Batch
from workflows.own_processes import WorkerForNow

SHAPE = '[{"account": "lumen", "input": {"window_days": 14}}, …]'
FIELDS = frozenset({"account", "input"})


class Command(SentenceCommand):
    """Starts a batch: a run for each account or item, all of them or none."""

    help = "Start a workflow once for each account or item, all of them or none. Exit code: 0 started, 2 refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", metavar="WORKFLOW", help="the workflow, for example profile_audit")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--accounts", nargs="+", metavar="HANDLE", help="a run for each of these accounts")
        which.add_argument("--file", metavar="PATH", help=f"a JSON file with a run for each item: {SHAPE}")
        parser.add_argument("--workspace", metavar="SLUG", help="where a handle is in several workspaces")
        parser.add_argument("--input", metavar="JSON", help="the input of every run, with --accounts")
        parser.add_argument("--name", help="what it is for; unless given, the workflow and how many runs")
        parser.add_argument("--dry-run", action="store_true", help="ask nobody and send nothing")
        parser.add_argument("--json", action="store_true", help="print the batch as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the batch and print it."""
        workflow = find_workflow(options["slug"])
        items = _items(options)
        runs = "1 run" if len(items) == 1 else f"{len(items)} runs"
        name = f"{workflow.label}, {runs}" if options["name"] is None else options["name"]
        batch = start_batch(workflow.slug, items=items, name=name, by=BY, is_dry_run=options["dry_run"])
        with WorkerForNow(self.stderr.write, stays=True) as worker:
            worker.ensure()
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(batch), indent=2, ensure_ascii=False))
        else:
            self.stdout.write(f"Batch {batch.id} ({visible(batch.name)}) has started {runs}.")


def _items(options: dict[str, Any]) -> list[Item]:
    """Return the items that were asked for. Raises `BatchRefused`, `AccountUnknown` or `InputRefused`."""
    if options["file"] is None:
        given = input_of(options["input"] or "{}")
        return [Item(account_of(each, options["workspace"]).id, given) for each in options["accounts"]]
    if options["input"] is not None:
        raise BatchRefused("--input goes with --accounts: in a file each item has its own 'input'.")
    found = _read(options["file"])
    return [_item(number, item, options["workspace"]) for number, item in enumerate(found, start=1)]


def _read(path: str) -> list[Any]:
    """Return the list in the file. Raises `BatchRefused` where there is none."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BatchRefused(f"The file {path!r} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise BatchRefused(f"The file {path!r} is not JSON ({error}): write it as {SHAPE}.") from None
    if not isinstance(found, list):
        raise BatchRefused(f"The file {path!r} holds no list: write it as {SHAPE}.")
    return found


def _item(number: int, item: Any, workspace: str | None) -> Item:
    """Return an item of the file. Raises `BatchRefused` or `AccountUnknown`."""
    if not isinstance(item, dict) or not isinstance(item.get("account"), str):
        raise BatchRefused(f"Item {number} is {_short(item)} and names no 'account': write it as in {SHAPE}.")
    if unknown := sorted(item.keys() - FIELDS):
        raise BatchRefused(f"Item {number} has the field {unknown[0]!r}: give 'account' and 'input'.")
    given = item.get("input", {})
    if not isinstance(given, dict):
        raise BatchRefused(
            f"The input of item {number} is {_short(given)}, not an object: write it as in {SHAPE}."
        )
    return Item(_account_id(item["account"], workspace), given)


def _account_id(written: str, workspace: str | None) -> UUID:
    """Return the id of an account that is named by it, or by its handle. Raises `AccountUnknown`."""
    try:
        return UUID(written)
    except ValueError:
        return account_of(written, workspace).id


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _as_json(batch: Batch) -> dict[str, Any]:
    """Return the batch and its runs, in the order of the items."""
    runs = batch.runs.select_related("account").order_by("id")
    return {
        "batch": str(batch.id),
        "name": batch.name,
        "workflow": batch.workflow,
        "dry_run": batch.is_dry_run,
        "mode": batch.mode,
        "runs": [{"run": str(run.id), "account": run.account.handle} for run in runs],
    }
