"""`manage.py workflows`: every workflow that can be started, or one, with what it takes and its steps."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from tiktok_ops.commands import SentenceCommand
from workflows.api.catalogue import NodeEntry, WorkflowEntry
from workflows.catalogue import WorkflowUnknown, current_workflows


class Command(SentenceCommand):
    """Prints the workflows of code and those stored, each in the version a run started now would have."""

    help = "List the workflows: what each is for, what it takes, and its steps."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", nargs="?", help="one workflow, for example profile_audit")
        parser.add_argument("--json", action="store_true", help="print JSON, with the schema of each input")

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        """Print all, or the one. Raises `WorkflowUnknown`."""
        entries = [WorkflowEntry.of(workflow, version) for workflow, version in current_workflows()]
        if slug is not None and slug not in {entry.slug for entry in entries}:
            known = ", ".join(entry.slug for entry in entries)
            raise WorkflowUnknown(f"There is no workflow {slug!r}; there are {known}.")
        chosen = [entry for entry in entries if slug in (None, entry.slug)]
        if options["json"]:
            rows = [as_json(entry) for entry in chosen]
            self.stdout.write(json.dumps(rows[0] if slug else rows, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n\n".join(map(in_words, chosen)))


def as_json(entry: WorkflowEntry) -> dict[str, Any]:
    """Return a workflow as JSON values."""
    return {
        "slug": entry.slug,
        "label": entry.label,
        "purpose": entry.purpose,
        "version": entry.version,
        "input": [asdict(field) for field in entry.input_fields],
        "steps": [asdict(node) for node in entry.nodes],
    }


def in_words(entry: WorkflowEntry) -> str:
    """Return a workflow as text: its purpose, its input, its steps in order."""
    taken = [f"{field.name}{' (required)' if field.required else ''}" for field in entry.input_fields]
    return "\n".join(
        [
            f"{entry.slug} ({entry.label}, version {entry.version})",
            f"  {entry.purpose}",
            f"  takes: {', '.join(taken) or 'nothing'}",
            *(f"  {number}. {_step(node)}" for number, node in enumerate(entry.nodes, start=1)),
        ]
    )


def _step(node: NodeEntry) -> str:
    does = f"{node.kind} {node.agent}" if node.agent else node.kind
    after = f", after {' and '.join(node.depends_on)}" if node.depends_on else ""
    return f"{node.key}: {node.label} ({does}{after})"
