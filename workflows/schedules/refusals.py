"""Why a schedule cannot be what somebody wants of it."""

from tiktok_ops.errors import NotThere, Refused


class ScheduleRefused(Refused):
    """This cannot be done to the schedule."""


class ScheduleUnknown(NotThere):
    """There is no such schedule."""
