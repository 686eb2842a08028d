"""Until when a wait node waits: decisions only."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tiktok_ops.errors import Refused
from workflows.nodes import WaitNode


class MomentRefused(Refused):
    """This is no moment to wait for."""


def moment_to_wait_for(node: WaitNode, *, begun: datetime, given: Mapping[str, Any]) -> datetime:
    """Return the moment (aware) at which the node is done, `begun` at its first turn.

    `until` is read from the input of that name. Raises `MomentRefused` where it is no moment with a zone.
    """
    if node.seconds is not None:
        return begun + timedelta(seconds=node.seconds)
    written = given.get("until")
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise MomentRefused(
            f"{node.label!r} waits until {written!r}, which is no moment: write it as 2026-11-20T18:00:00+01:00."
        )
    return moment
