"""What people are asked for before anything is made or said on air: an idea to produce, a run sheet to go by."""

from pydantic import AwareDatetime, Field

from agents.contract import Typed
from approvals.kinds import Kind, Preview, Weight, register
from tiktok_ops.cells import shortened
from workflows.gates import resume_gate
from workflows.payloads import Act

LONGEST_HOOK = 300
LONGEST_OUTLINE = 2_000


class VideoIdea(Act):
    """An idea that is to be made into a video; making it costs the studio's money and nothing leaves us."""

    hook: str = Field(min_length=1, max_length=LONGEST_HOOK)
    outline: str = Field(default="", max_length=LONGEST_OUTLINE)
    topic: str = Field(default="", max_length=100)


class SheetPart(Typed):
    """One part of a live show; `say` is what to begin with, `product_id` is empty where none is shown."""

    key: str
    kind: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    minutes: int
    product_id: str = ""
    say: str = ""


class RunSheet(Act):
    """What a live show goes by, part by part."""

    host: str = Field(default="", max_length=80)
    run_sheet: tuple[SheetPart, ...] = Field(min_length=1, max_length=200)


def _idea_shown(idea: VideoIdea) -> dict[str, str]:
    return {"Account": f"@{idea.handle}", "Topic": idea.topic or "none", "Outline": idea.outline or "none"}


def _sheet_shown(sheet: RunSheet) -> dict[str, str]:
    parts = {
        f"{part.starts_at:%H:%M %Z} {part.kind}": " ".join(
            filter(None, (part.say, f"(product {part.product_id})" if part.product_id else ""))
        )
        for part in sheet.run_sheet
    }
    return {"Account": f"@{sheet.handle}", "Host": sheet.host or "nobody named", **parts}


def _sheet_text(sheet: RunSheet) -> str:
    return "\n".join(part.say for part in sheet.run_sheet if part.say)


IDEA = Kind(
    name="video_idea",
    label="Make a video of an idea",
    Payload=VideoIdea,
    weigh=lambda idea: Weight(risk="low"),
    title=lambda idea: f"Idea for @{idea.handle}: {shortened(idea.hook)}",
    approve_label=lambda idea: "Approve and have the studio make it",
    on_decided=resume_gate,
    shown=_idea_shown,
    preview=lambda idea: Preview(handle=idea.handle, text=idea.hook),
)
SHEET = Kind(
    name="run_sheet",
    label="Go live by this run sheet",
    Payload=RunSheet,
    weigh=lambda sheet: Weight(risk="low"),
    title=lambda sheet: f"Live show of @{sheet.handle}: {len(sheet.run_sheet)} parts",
    approve_label=lambda sheet: "Approve the run sheet",
    on_decided=resume_gate,
    shown=_sheet_shown,
    preview=lambda sheet: Preview(handle=sheet.handle, text=_sheet_text(sheet)),
)


def register_plan_kinds() -> None:
    """Fill the registry."""
    for kind in (IDEA, SHEET):
        register(kind)
