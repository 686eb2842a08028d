"""`manage.py agents`: every agent there is, or one, with what it takes and puts out."""

import json
from argparse import ArgumentParser
from typing import Any

from agents.catalogue.fields import Shape
from agents.catalogue.sheet import AgentSheet, sheet_of
from agents.registry import AGENTS
from tiktok_ops.commands import SentenceCommand
from tiktok_ops.errors import Refused


class AgentUnknown(Refused):
    """There is no such agent."""


class Command(SentenceCommand):
    """Prints the agents; reads nothing but the code."""

    help = "List the agents: what each is for, what it takes and puts out, and which providers it asks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("name", nargs="?", help="one agent, for example account_health")
        parser.add_argument("--json", action="store_true", help="print JSON, with the full JSON Schemas")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        """Print all, or the one. Raises `AgentUnknown`."""
        if name is not None and name not in AGENTS:
            raise AgentUnknown(f"There is no agent {name!r}; there are {', '.join(sorted(AGENTS))}.")
        sheets = [sheet_of(AGENTS[one]) for one in ([name] if name else sorted(AGENTS))]
        if options["json"]:
            rows = [as_json(sheet) for sheet in sheets]
            self.stdout.write(json.dumps(rows[0] if name else rows, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n\n".join(in_words(sheet, is_alone=bool(name)) for sheet in sheets))


def as_json(sheet: AgentSheet) -> dict[str, Any]:
    """Return an agent as JSON values."""
    return {
        "name": sheet.name,
        "label": sheet.label,
        "purpose": sheet.purpose,
        "model_tier": sheet.model_tier,
        "providers": list(sheet.providers),
        "input_schema": sheet.input_schema,
        "output_schema": sheet.output_schema,
        "example": dict(sheet.example),
    }


def in_words(sheet: AgentSheet, *, is_alone: bool = False) -> str:
    """Return an agent as text: one that is alone with its fields, one of many with their names."""
    asks = ", ".join(sheet.providers) or "no provider"
    lines = [f"{sheet.name} ({sheet.model_tier}, asks {asks})", f"  {sheet.purpose}"]
    for title, shapes in (("takes", sheet.inputs), ("puts out", sheet.outputs)):
        lines += _fields(title, shapes[0]) if is_alone else [_names(title, shapes[0])]
    return "\n".join(lines)


def _names(title: str, shape: Shape) -> str:
    return f"  {title}: {', '.join(field.name for field in shape.fields) or 'nothing'}"


def _fields(title: str, shape: Shape) -> list[str]:
    told = [
        f"    {field.name}: {field.kind}{f' ({field.default} if not given)' if field.default else ''}"
        for field in shape.fields
    ]
    return [f"  {title}:", *told]
