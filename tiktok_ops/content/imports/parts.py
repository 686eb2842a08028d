"""What is read as one: the file itself, a file in an archive, a tab of a workbook."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import BinaryIO

from tiktok_ops.content.imports.calendars import FIRST_YEAR, LAST_YEAR

_EXPORT_NAME = re.compile(
    r"_(?P<start>\d{4}-\d{2}-\d{2})_(?P<made>\d{10})_(?P<handle>[A-Za-z0-9._]{2,24}?)"
    r"(?: ?\(\d+\))?(?:\.[A-Za-z]{3,4})?$"
)


@dataclass(frozen=True, slots=True)
class Export:
    """What the name of a file from TikTok Studio says: the first day of its window, when it was made, whose it is."""

    start: date
    made_at: datetime
    handle: str


@dataclass(frozen=True, slots=True)
class Part:
    """A stream of bytes that can be opened again, one at a time.

    `name` serves messages, `label` names the part in them and is "" for the file itself; `names` are the
    names of the archive and of the part, outermost first; `made_on` is the day the archive says that the
    part was made.
    """

    name: str
    label: str
    names: tuple[str, ...]
    open: Callable[[], AbstractContextManager[BinaryIO]]
    made_on: date | None = None

    def below(self, tab: str) -> str:
        """Return the label of something within this part."""
        return f"{self.label} › {tab}" if self.label else tab

    def export(self) -> Export | None:
        """Return what the names say of the export, or None.

        Source: names of real exports, `Overview_2025-08-28_1787841428_handle.zip`; the day is the window's
        first, the number the second the export was made.
        """
        for name in self.names:
            match = _EXPORT_NAME.search(name.rpartition("/")[2])
            if match is None:
                continue
            try:
                start = date.fromisoformat(match["start"])
            except ValueError:
                continue
            if not FIRST_YEAR <= start.year <= LAST_YEAR:
                continue
            made_at = datetime.fromtimestamp(int(match["made"]), UTC)
            return Export(start, made_at, match["handle"].lower())
        return None
