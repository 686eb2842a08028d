"""The pages of schedules: what starts by itself, and what people do to it."""

from workflows.schedules_admin.pages import ScheduleAdmin

__all__ = ["ScheduleAdmin"]
