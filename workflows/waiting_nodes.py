"""Until when a wait node waits, and when it looks meanwhile: decisions only."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tiktok_ops.errors import Refused
from workflows.nodes import WaitNode

FIRST_LOOK_SECONDS = 20.0
LONGEST_LOOK_SECONDS = 300.0


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


def look_again_seconds(*, waited_seconds: float, left_seconds: float) -> float:
    """Return when to look again without a callback, in seconds: in half the time waited so far.

    At least 20 s and at most 5 minutes, for mostly the callback comes first; and no later than patience ends.
    """
    pause = min(max(waited_seconds / 2, FIRST_LOOK_SECONDS), LONGEST_LOOK_SECONDS)
    return min(pause, max(left_seconds, 0.0))
