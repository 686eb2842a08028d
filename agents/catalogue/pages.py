"""`docs/agents/`, written from the code: a page for each agent and a list of them all."""

import json
from collections.abc import Iterable
from pathlib import Path

from agents.catalogue.fields import Shape
from agents.catalogue.sheet import AgentSheet, Part, sheet_of
from agents.catalogue.source import Constant
from agents.registry import AGENTS
from tiktok_ops.env import BASE_DIR

FOLDER = BASE_DIR / "docs" / "agents"
MADE = "Written by `manage.py write_docs` from the code; `make check` compares."


def pages(folder: Path) -> dict[Path, str]:
    """Return the text of every page by its file."""
    sheets = [sheet_of(AGENTS[name]) for name in sorted(AGENTS)]
    return {
        folder / "README.md": index(sheets),
        **{folder / f"{sheet.name}.md": page(sheet) for sheet in sheets},
    }


def index(sheets: Iterable[AgentSheet]) -> str:
    """Return the list of agents."""
    rows = [f"| [{sheet.name}]({sheet.name}.md) | {sheet.model_tier} | {sheet.purpose} |" for sheet in sheets]
    return _joined("# Agents", MADE, "\n".join(["| agent | tier | purpose |", "| --- | --- | --- |", *rows]))


def page(sheet: AgentSheet) -> str:
    """Return one agent's page."""
    asks = ", ".join(sheet.providers) or "none: there is nothing to put into words"
    facts = [
        f"- Name: `{sheet.name}`",
        f"- Model tier: {sheet.model_tier}",
        f"- Providers: {asks}",
        f"- Reads: {_one_line(sheet.reads)}",
    ]
    return _joined(
        f"# {sheet.label}",
        MADE,
        sheet.purpose,
        sheet.about,
        "\n".join(facts),
        "## Input",
        *(_shape(shape, has_defaults=True) for shape in sheet.inputs),
        "## Output",
        *(_shape(shape, has_defaults=False) for shape in sheet.outputs),
        "## How it is computed",
        *(_functions(part) for part in sheet.parts),
        "## Shared skills it uses",
        *([_functions(part) for part in sheet.shared] or ["None."]),
        "## Thresholds and limits",
        _constants([*sheet.parts, *sheet.shared]),
        "## Prompt",
        *_prompt(sheet),
        "## Example of an input",
        f"```json\n{json.dumps(dict(sheet.example), indent=2, ensure_ascii=False)}\n```",
    )


def _prompt(sheet: AgentSheet) -> list[str]:
    if not sheet.prompt:
        return ["It asks no model: the facts are the whole answer."]
    return [
        "What stands between ‹ and › is known when the agent runs. The facts follow as JSON, and text by "
        "other people in fences of its own.",
        "\n".join(f"> {line}" for line in sheet.prompt.splitlines()),
        f"What is asked of the answer: {_one_line(sheet.checks)}",
    ]


def _shape(shape: Shape, *, has_defaults: bool) -> str:
    heads = ["field", "what stands there"] + ["if not given"] * has_defaults
    rows = [
        [f"`{field.name}`", _cell(field.kind)] + [_cell(field.default) or "required"] * has_defaults
        for field in shape.fields
    ]
    lines = [heads, ["---"] * len(heads), *rows] if rows else []
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return _joined(f"### {shape.name}", shape.about, table or "No fields.").rstrip()


def _functions(part: Part) -> str:
    rules = [f"**{rule.label}.** {rule.text}" for rule in part.functions]
    return _joined(f"### `{part.module}`", *rules).rstrip() if rules else ""


def _constants(parts: Iterable[Part]) -> str:
    rows = [_constant(part, constant) for part in parts for constant in part.constants]
    return "\n".join(["| constant | value | why |", "| --- | --- | --- |", *rows])


def _constant(part: Part, constant: Constant) -> str:
    where = part.module.rpartition(".")[2]
    return f"| `{where}.{constant.name}` | {_cell(constant.value)} | {_cell(_one_line(constant.why))} |"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _joined(*parts: str) -> str:
    """Return the parts with an empty line between them, and a line end after the last."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
