"""The pages of the stop switch, and the banner all other pages show while something is stopped."""

from workflows.stop_switch_pages.admin import StopSwitchAdmin

__all__ = ["StopSwitchAdmin"]
