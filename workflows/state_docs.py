"""`docs/reference/states.md`, written from the tables: every status machine as a picture and a list."""

from collections.abc import Sequence

from agents.budgets.transitions import RESERVATION
from agents.memory.transitions import MEMORY
from agents.transitions import AGENT_RUN, BATCHED, BREAKER, CONNECTION
from approvals.transitions import REQUEST
from tiktok_ops.alerts.transitions import ALERT
from tiktok_ops.content.transitions import IMPORT
from tiktok_ops.env import BASE_DIR
from tiktok_ops.transitions import TransitionTable
from workflows.transitions import EFFECT, PULL_ADDRESS, RUN, STEP, WEBHOOK

FILE = BASE_DIR / "docs" / "reference" / "states.md"
MACHINES: Sequence[TransitionTable] = (
    RUN,
    STEP,
    REQUEST,
    EFFECT,
    AGENT_RUN,
    BATCHED,
    IMPORT,
    BREAKER,
    WEBHOOK,
    ALERT,
    RESERVATION,
    MEMORY,
    CONNECTION,
    PULL_ADDRESS,
)


def render() -> str:
    """Return the page's text."""
    lines = [
        "# States",
        "",
        "Written by `manage.py write_docs` from the status tables; `make check` compares. A trigger in the database",
        "refuses every move that is not listed, by the ORM and by SQL alike.",
        "",
    ]
    for machine in MACHINES:
        lines += [f"## {machine.name.capitalize()}", "", "```mermaid", "stateDiagram-v2"]
        lines += [f"    [*] --> {machine.statuses[0]}"]
        lines += [f"    {source} --> {target}" for source, target in machine.pairs]
        lines += [f"    {status} --> [*]" for status in sorted(machine.terminal)]
        lines += ["```", "", "| from | to |", "| --- | --- |"]
        for status in machine.statuses:
            targets = ", ".join(sorted(machine.edges[status])) or "nothing: it is the end"
            lines.append(f"| {status} | {targets} |")
        lines.append("")
    return "\n".join(lines)
