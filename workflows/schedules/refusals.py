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

    Raises `ScheduleRefused`.
    """
    if expression != IMPORT_FINISHED:
        return
    if any(isinstance(node, SyncNode) and PARTS[node.part].announces for node in workflow.nodes):
        raise ScheduleRefused(
            f"{workflow.label!r} syncs the account itself, so new data would start it again and again: "
            "give it a time, or an interval."
        )
