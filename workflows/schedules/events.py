"""What schedules can wait for. Names are data: schedules of other people refer to them, so they stay."""

from types import MappingProxyType

IMPORT_FINISHED = "import.finished"

EVENTS = MappingProxyType({IMPORT_FINISHED: "When new data of the account came in, by an import or a sync"})
"""Each event by name, with when it happens in plain words. To add one: a line here, and `fire_event` where it does."""
