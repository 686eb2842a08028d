"""What schedules can wait for. Names are data: schedules of other people refer to them, so they stay."""

from types import MappingProxyType

IMPORT_FINISHED = "import.finished"

EVENTS = MappingProxyType({IMPORT_FINISHED: "When a file of the account's posts was imported"})
"""Each event by name, with when it happens in plain words. To add one: a line here, and `fire_event` where it does."""
