"""Why a schedule cannot be what somebody wants of it."""

from agents.sync.parts import PARTS
from tiktok_ops.errors import NotThere, Refused
from workflows.nodes import SyncNode, Workflow
from workflows.schedules.events import IMPORT_FINISHED


class ScheduleRefused(Refused):
    """This cannot be done to the schedule."""


class ScheduleUnknown(NotThere):
    """There is no such schedule."""


def check_no_circle(workflow: Workflow, *, expression: str) -> None:
    """Refuse to start a workflow by new data which brings new data itself: it would start itself again for ever.

    One that takes data as it is when it came in a moment ago may be. Raises `ScheduleRefused`.
    """
    if expression != IMPORT_FINISHED:
        return
    syncs = (node for node in workflow.nodes if isinstance(node, SyncNode) and not node.enough_minutes)
    if any(PARTS[node.part].announces for node in syncs):
        raise ScheduleRefused(
            f"{workflow.label!r} syncs the account itself, so new data would start it again and again: "
            "give it a time, or an interval."
        )
