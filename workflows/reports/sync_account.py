"""The report of a sync: what is new, part by part."""

from typing import Any

from workflows.models import WorkflowRun, WorkflowStep
from workflows.reports.markdown import number, paragraph, text

PARTS = {
    "profile": "Profile",
    "posts": "Posts",
    "comments": "Comments",
    "shop": "Shop",
    "trends": "Trends and creators",
}
_WORDS = {
    "followers": "followers",
    "audience": "audience figures",
    "limits": "limits by TikTok",
    "read": "read",
    "new": "new",
    "changed": "changed",
    "same": "as they were",
    "posts": "posts looked at",
    "left": "posts left for the next sync",
    "products": "products",
    "orders": "orders",
    "lines": "order lines",
    "trends": "trends",
    "creators": "creators",
}


def render(run: WorkflowRun) -> str:
    """Return the report of a run whose other steps have all ended, as Markdown."""
    steps = {step.key: step for step in run.steps.all()}
    lines = [f"# Sync of @{text(run.account.handle)}", ""]
    for key, title in PARTS.items():
        if step := steps.get(key):
            lines += [f"- **{title}**: {_said(step)}"]
    finish = steps.get("finish")
    if finish and finish.status == "succeeded" and finish.output:
        as_of = str(finish.output["said"]["data_as_of"])[:16].replace("T", " ")
        lines += ["", f"Data as of **{text(as_of)} UTC**."]
    else:
        lines += ["", "The account's data stays as of the last sync: not everything could be taken in."]
    return "\n".join(lines) + "\n"


def _said(step: WorkflowStep) -> str:
    """Return what came of a part in a line, or why nothing did."""
    if step.status != "succeeded" or not step.output:
        return paragraph(step.error or f"not done ({step.status})")
    said: dict[str, Any] = step.output["said"]
    if "left_out" in said:
        return f"left out. {paragraph(said['left_out'])}"
    figures = [
        f"{number(said[name])} {words}" for name, words in _WORDS.items() if isinstance(said.get(name), int)
    ]
    return ", ".join(figures) or "nothing to take in"
