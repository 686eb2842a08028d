"""Places where a process can be made to die, to show that nothing is lost and nothing done twice there.

`CRASH_AT` names the points, separated by commas. The first process that passes a point for a subject (a
step's id) is killed with SIGKILL; a file under `var/crash_points` remembers it, for the processes after it.
"""

import os
import signal
from enum import StrEnum
from uuid import UUID

from django.conf import settings

from tiktok_ops.env import VAR_DIR

FOLDER = VAR_DIR / "crash_points"


class CrashPoint(StrEnum):
    """Every point there is."""

    BEFORE_SENDING = "effect.before_sending"
    IN_SENDING = "effect.in_sending"
    AFTER_INIT = "effect.after_init"
    BEFORE_FIRST_BYTE = "effect.before_first_byte"
    MID_UPLOAD = "effect.mid_upload"
    BEFORE_SENT = "effect.before_sent"
    BEFORE_CONFIRMED = "effect.before_confirmed"


def pass_by(point: CrashPoint, subject: UUID) -> None:
    """Die here, if settings say so and nobody died here for this subject before."""
    if point not in settings.CRASH_AT:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        (FOLDER / f"{point}.{subject}").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
